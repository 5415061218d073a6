package interleave_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// TestEverySinIsFound leaves one condition after another out of the store, and
// names the pair that must find it.
func TestEverySinIsFound(t *testing.T) {
	for _, c := range []struct {
		name   string
		sins   sins
		pair   string // a pair that finds it has this in its name
		faulty bool   // only where something breaks
	}{
		{"a change that does not look how many access tokens there are", sins{ignoresIssued: true}, "a line that does not rotate: a refresh and a refresh", false},
		{"a rotation that does not look which refresh token is current", sins{ignoresRefresh: true, ignoresIssued: true}, "a line: a refresh and a refresh", false},
		{"a replay that does not look whether the line moved on", sins{ignoresPrevious: true, ignoresIssued: true}, "a line: a refresh and a replay for a narrower scope", false},
		{"a code that is redeemed twice", sins{ignoresCode: true, ignoresIssued: true}, "a code that waits: a redemption and a redemption", false},
		{"a change that takes a revocation back", sins{revivesOnReplace: true}, "a line: a refresh and revoking the grant by its id", false},
		{"a row that is written as it was read", sins{writesWholeRow: true}, "a line that does not rotate: a refresh and a refresh", false},
		{"a revocation that takes the first one's place", sins{overwritesRevocation: true}, "a line: revoking by the refresh token and revoking the grant by its id", false},
		{"a revocation that is not written", sins{revokesNothing: true}, "a line: a reuse and introspecting an access token", false},
		{"a slot that is emptied whatever is in it", sins{removesWhateverIsThere: true}, "a line whose slots are full: revoking by the access token and a refresh", false},
		{"a subject's epoch that is set and not raised", sins{setsSubjectEpoch: true}, "a line: revoking the subject and revoking the subject", false},
		{"a subject's epoch that each delivery raises", sins{raisesAgain: true}, "a line: revoking the subject and issuing another grant", true},
		{"a client's epoch that is set and not raised", sins{setsClientEpoch: true}, "a line: revoking the client and disabling the client", false},
		{"a client that is changed under another version", sins{ignoresVersion: true}, "a line: renaming the client and renaming the client", false},
		{"a read from a cache", sins{readsStale: true}, "a line: revoking the grant by its id and introspecting", false},
		{"a conflict that is answered as success", sins{answersConflictsOK: true}, "a line: a refresh and revoking the grant by its id", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			found := newTally()
			which := slices.DeleteFunc(pairs(), func(p pair) bool { return !has(p, c.pair) })
			if len(which) == 0 {
				t.Fatalf("there is no pair %q", c.pair)
			}
			found.all(which, inMemory(c.sins), 1, func(int) bool { return c.faulty })
			if len(found.wrong) == 0 {
				t.Fatalf("%d schedules of %d pairs find nothing", found.tried, len(which))
			}
			t.Logf("found: %s", sortedNames(found.wrong)[0])
			sober := newTally()
			sober.all(which, inMemory(sins{}), 1, func(int) bool { return c.faulty })
			for name := range sober.wrong {
				t.Errorf("found without the sin: %s", name)
			}
		})
	}
}

// has tells whether a pair is the one named, in either order of its operations.
func has(p pair, name string) bool {
	turned := pair{p.in, p.b, p.a}
	return strings.HasPrefix(p.name(), name) || strings.HasPrefix(turned.name(), name)
}
