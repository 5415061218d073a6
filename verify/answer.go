package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// answer is what an introspection said, RFC 7662 section 2.2.
type answer struct {
	active         bool
	typed          bool // token_type was there
	bearer         bool // and says Bearer
	bound          bool // to a key that the caller must prove it holds: cnf, RFC 7800
	issuer         string
	notBefore      time.Time
	audience       []string
	token          Token
	expires, begin bool // exp and nbf were there
}

// errAnswer is any answer that is not understood. It never quotes it: an
// answer may hold what the request held.
var errAnswer = errors.New("the introspection endpoint's answer is no introspection response (RFC 7662 section 2.2)")

// maxSeconds is the end of the year 9999.
const maxSeconds = 253402300799

// parseAnswer reads an answer strictly: member names have a case, none stands
// twice, and one of another type than it should be makes the whole useless.
// Of an inactive token nothing else is read.
func parseAnswer(body []byte) (answer, error) {
	members, err := object(body)
	if err != nil {
		return answer{}, err
	}
	var a answer
	if raw := members["active"]; string(raw) != "true" {
		if string(raw) == "false" {
			return a, nil
		}
		return answer{}, errAnswer
	}
	a.active = true
	var scope, kind string
	for name, to := range map[string]*string{
		"scope": &scope, "token_type": &kind, "iss": &a.issuer, "sub": &a.token.Subject, "client_id": &a.token.ClientID,
	} {
		if raw, ok := members[name]; ok && !readString(raw, to) {
			return answer{}, errAnswer
		}
	}
	a.typed, a.bearer = kind != "", strings.EqualFold(kind, "Bearer")
	_, a.bound = members["cnf"]
	if a.token.Scope, err = readScope(scope); err != nil {
		return answer{}, err
	}
	if a.audience, err = readAudience(members["aud"]); err != nil {
		return answer{}, err
	}
	if a.token.Expires, a.expires, err = readTime(members["exp"]); err != nil {
		return answer{}, err
	}
	a.notBefore, a.begin, err = readTime(members["nbf"])
	return a, err
}

// object reads the members of one JSON object. encoding/json itself would let
// the last of two equal names count, and "Active" for "active".
func object(body []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, errAnswer
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errAnswer
	}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, errAnswer
		}
		text, ok := name.(string)
		var value json.RawMessage
		if _, twice := members[text]; !ok || twice || decoder.Decode(&value) != nil {
			return nil, errAnswer
		}
		members[text] = value
	}
	return members, nil
}

// readString wants a string: json.Unmarshal would take null for none.
func readString(raw json.RawMessage, to *string) bool {
	return len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, to) == nil
}

// readScope reads RFC 6749 section 3.3, and takes more than one space for one.
func readScope(s string) ([]string, error) {
	var scope []string
	for word := range strings.SplitSeq(s, " ") {
		if word == "" {
			continue
		}
		if !isScopeToken(word) {
			return nil, errAnswer
		}
		scope = append(scope, word)
	}
	return scope, nil
}

// readAudience reads one string or an array of them (RFC 7519 section 4.1.3).
func readAudience(raw json.RawMessage) ([]string, error) {
	if raw == nil {
		return nil, nil
	}
	var one string
	if readString(raw, &one) {
		return []string{one}, nil
	}
	var list []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
		return nil, errAnswer
	}
	all := make([]string, len(list))
	for i := range list {
		if !readString(list[i], &all[i]) {
			return nil, errAnswer
		}
	}
	return all, nil
}

// readTime reads a NumericDate (RFC 7519 section 2), rounded down to seconds.
func readTime(raw json.RawMessage) (at time.Time, there bool, err error) {
	if raw == nil {
		return time.Time{}, false, nil
	}
	var seconds float64
	if c := raw[0]; c == 'n' || json.Unmarshal(raw, &seconds) != nil || seconds < 0 || seconds > maxSeconds {
		return time.Time{}, false, errAnswer
	}
	return time.Unix(int64(seconds), 0).UTC(), true, nil
}
