package endpoint_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"rescind/shared/granttype"
)

// TestMetadataOfAnAuthorizationEndpoint: where codes are issued the document
// says where and how (RFC 8414 section 2), and elsewhere nothing of it.
func TestMetadataOfAnAuthorizationEndpoint(t *testing.T) {
	d := deploy(t, onSQLite{}, "https://auth.example/tenant")
	d.service.Languages = []string{"en", "de"}
	read := func(types ...granttype.Type) map[string]any {
		got := overHTTP(t, d.service.Metadata(types...), request{method: "GET", target: "/.well-known/oauth-authorization-server"})
		var m map[string]any
		if err := json.Unmarshal([]byte(got.body), &m); err != nil || got.status != 200 {
			t.Fatalf("the answer is %s", got.without())
		}
		return m
	}
	with, without := read(granttype.RefreshToken{}, granttype.AuthorizationCode{}), read(granttype.RefreshToken{})
	want := map[string]any{
		"authorization_endpoint": "https://auth.example/tenant/o/authorize/", "response_types_supported": []any{"code"},
		"response_modes_supported": []any{"query"}, "code_challenge_methods_supported": []any{"S256"},
		"authorization_response_iss_parameter_supported": true, "ui_locales_supported": []any{"en", "de"},
		"grant_types_supported": []any{"refresh_token", "authorization_code"},
	}
	for name, value := range want {
		if !reflect.DeepEqual(with[name], value) {
			t.Errorf("%s is %v", name, with[name])
		}
		delete(with, name)
	}
	if !reflect.DeepEqual(without["response_types_supported"], []any{}) || !reflect.DeepEqual(without["grant_types_supported"], []any{"refresh_token"}) {
		t.Errorf("without an authorization endpoint it says %v", without)
	}
	delete(without, "response_types_supported")
	delete(without, "grant_types_supported")
	if !reflect.DeepEqual(with, without) {
		t.Errorf("beside these the members are %v and %v", slices.Sorted(maps.Keys(with)), slices.Sorted(maps.Keys(without)))
	}
}
