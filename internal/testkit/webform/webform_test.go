package webform_test

import (
	"net/url"
	"reflect"
	"testing"

	"rescind/internal/testkit/webform"
)

const page = `<form method="post" action="/o/authorized_tokens/">
<input type="hidden" name="form_token" value="a&#43;b"><input type="hidden" name="client_id" value="c">
<button type="submit">Cut</button></form><form action="/o/sign_out/"><input name="email" value="no"></form>`

func TestTheFormsOfAPage(t *testing.T) {
	want := []webform.Form{
		{Action: "/o/authorized_tokens/", Hidden: url.Values{"form_token": {"a+b"}, "client_id": {"c"}}},
		{Action: "/o/sign_out/", Hidden: url.Values{}},
	}
	got := webform.All(page)
	for n := range got {
		got[n].Inner = ""
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestFind(t *testing.T) {
	if got, err := webform.Find(page, "/o/authorized_tokens/", "Cut"); err != nil || got.Get("form_token") != "a+b" {
		t.Errorf("%v, %v", got, err)
	}
	for _, tt := range []struct{ action, holds string }{{"/o/sign_out/", "Cut"}, {"/o/sign_in/", ""}} {
		if got, err := webform.Find(page, tt.action, tt.holds); err == nil {
			t.Errorf("a form to %s with %q: %v", tt.action, tt.holds, got)
		}
	}
}
