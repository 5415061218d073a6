package dynamo

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/oauth"
	"rescind/shared/secret"
)

type item = map[string]types.AttributeValue

func str(s string) types.AttributeValue       { return &types.AttributeValueMemberS{Value: s} }
func bin(b []byte) types.AttributeValue       { return &types.AttributeValueMemberB{Value: b} }
func yes() types.AttributeValue               { return &types.AttributeValueMemberBOOL{Value: true} }
func millis(t time.Time) types.AttributeValue { return num(t.UnixMilli()) }
func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func list(all []string) types.AttributeValue {
	l := make([]types.AttributeValue, len(all))
	for i, s := range all {
		l[i] = str(s)
	}
	return &types.AttributeValueMemberL{Value: l}
}

// writer fills an item and leaves out what is zero. It refuses strings that are
// no UTF-8: the SDK's JSON would change them, and a subject that reads back as
// another would be out of its revocation's reach.
type writer struct {
	item item
	err  error
}

func (w *writer) str(name, s string) {
	if !utf8.ValidString(s) {
		w.err = fmt.Errorf("dynamo: attribute %s would not be UTF-8", name)
	}
	if s != "" {
		w.item[name] = str(s)
	}
}

func (w *writer) num(name string, n int64) {
	if n != 0 {
		w.item[name] = num(n)
	}
}

func (w *writer) time(name string, t time.Time) {
	if !t.IsZero() {
		w.item[name] = millis(t)
	}
}

func (w *writer) seconds(name string, t time.Time) {
	if !t.IsZero() {
		w.item[name] = num(t.Unix())
	}
}

// bytes32 takes a digest or an op.
func (w *writer) bytes32(name string, b [32]byte) {
	if b != [32]byte{} {
		w.item[name] = bin(b[:])
	}
}

// scope and strings tell nil, which is left out, from empty.
func (w *writer) scope(name string, s oauth.Scope) {
	if s != nil {
		w.str(name, s.String())
		w.item[name] = str(s.String())
	}
}

func (w *writer) strings(name string, all []string) {
	for _, s := range all {
		w.str(name, s)
	}
	if all != nil {
		w.item[name] = list(all)
	}
}

// reader takes an item apart. It keeps the first fault, which names the item
// and the attribute and never holds a value.
type reader struct {
	item item
	of   string // the item's key
	err  error
}

func readItem(it item) *reader {
	r := &reader{item: it, of: "without a key"}
	r.need(attrKey)
	if pk := r.str(attrKey); pk != "" {
		r.of = pk
	}
	return r
}

func (r *reader) fault(name string) {
	if r.err == nil {
		r.err = fmt.Errorf("dynamo: item %s: attribute %s is missing or malformed; it was changed by other means", r.of, name)
	}
}

// newer faults an item of a later layout: what it means is not known here.
func (r *reader) newer() {
	if r.num(attrVersion) > layout && r.err == nil {
		r.err = fmt.Errorf("dynamo: item %s was written by a newer version; upgrade this one", r.of)
	}
}

func (r *reader) has(name string) bool { return r.item[name] != nil }

func (r *reader) need(names ...string) {
	for _, name := range names {
		if !r.has(name) {
			r.fault(name)
		}
	}
}

// read gives the attribute's value, or the zero value where it is absent.
func read[M any](r *reader, name string) (m M, ok bool) {
	if !r.has(name) {
		return m, false
	}
	if m, ok = any(r.item[name]).(M); !ok {
		r.fault(name)
	}
	return m, ok
}

func (r *reader) str(name string) string {
	if m, ok := read[*types.AttributeValueMemberS](r, name); ok {
		return m.Value
	}
	return ""
}

func (r *reader) num(name string) int64 {
	m, ok := read[*types.AttributeValueMemberN](r, name)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(m.Value, 10, 64)
	if err != nil {
		r.fault(name)
	}
	return n
}

func (r *reader) bool(name string) bool {
	m, ok := read[*types.AttributeValueMemberBOOL](r, name)
	return ok && m.Value
}

func (r *reader) time(name string) time.Time {
	if !r.has(name) {
		return time.Time{}
	}
	return time.UnixMilli(r.num(name)).UTC()
}

func (r *reader) seconds(name string) time.Time {
	if !r.has(name) {
		return time.Time{}
	}
	return time.Unix(r.num(name), 0).UTC()
}

func (r *reader) bytes32(name string) (b [32]byte) {
	if m, ok := read[*types.AttributeValueMemberB](r, name); ok {
		if len(m.Value) != len(b) {
			r.fault(name)
		}
		copy(b[:], m.Value)
	}
	return b
}

func (r *reader) digest(name string) secret.Digest { return r.bytes32(name) }
func (r *reader) op(name string) secret.Op         { return r.bytes32(name) }

func (r *reader) scope(name string) oauth.Scope {
	if !r.has(name) {
		return nil
	}
	s, ok := oauth.ParseScope(r.str(name))
	if !ok {
		r.fault(name)
	}
	if s == nil {
		return oauth.Scope{}
	}
	return s
}

func (r *reader) strings(name string) []string {
	m, ok := read[*types.AttributeValueMemberL](r, name)
	if !ok {
		return nil
	}
	all := make([]string, len(m.Value))
	for i, v := range m.Value {
		s, ok := v.(*types.AttributeValueMemberS)
		if !ok {
			r.fault(name)
			return nil
		}
		all[i] = s.Value
	}
	return all
}

// within reads a map attribute; nil where it is absent. Its faults are r's.
func (r *reader) within(name string, take func(*reader)) {
	if m, ok := read[*types.AttributeValueMemberM](r, name); ok {
		in := &reader{item: m.Value, of: r.of + " in " + name}
		if take(in); in.err != nil && r.err == nil {
			r.err = in.err
		}
	}
}
