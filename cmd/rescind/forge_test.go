package main

import (
	"crypto/rand"
	"testing"

	"rescind/shared/token"
)

// forge makes a well-formed access token of a grant that never issued it.
func forge(t *testing.T, grantID string) string {
	t.Helper()
	id, ok := token.ParseGrantID(grantID)
	if !ok {
		t.Fatalf("not a grant's id: %s", grantID)
	}
	v, err := token.NewAccess(id, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return v.Text().Reveal()
}
