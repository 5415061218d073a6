package storetest

import (
	"reflect"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
)

// differing names the members in which two rows differ: names only, since what
// is in them does not print. Times are compared as instants, and a list of
// nothing is the same as none.
func differing(a, b any) []string {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	if va.IsNil() || vb.IsNil() {
		if va.IsNil() == vb.IsNil() {
			return nil
		}
		return []string{"one of the rows is missing"}
	}
	return differingMembers("", va.Elem(), vb.Elem())
}

func differingMembers(path string, a, b reflect.Value) []string {
	if t, ok := a.Interface().(time.Time); ok {
		return when(!t.Equal(b.Interface().(time.Time)), path)
	}
	if t, ok := a.Interface().(secret.Text); ok {
		return when(!t.Equal(b.Interface().(secret.Text)), path)
	}
	var names []string
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !a.Type().Field(i).IsExported() {
				return when(!reflect.DeepEqual(a.Interface(), b.Interface()), path)
			}
			names = append(names, differingMembers(path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))...)
		}
		return names
	case reflect.Slice:
		if a.Len() != b.Len() {
			return []string{path}
		}
	case reflect.Array:
		if a.Type().Elem().Kind() == reflect.Uint8 {
			return when(!reflect.DeepEqual(a.Interface(), b.Interface()), path)
		}
	default:
		return when(!reflect.DeepEqual(a.Interface(), b.Interface()), path)
	}
	for i := range a.Len() {
		names = append(names, differingMembers(path+"[]", a.Index(i), b.Index(i))...)
	}
	return names
}

func when(differs bool, path string) []string {
	if differs {
		return []string{path}
	}
	return nil
}

// same checks that two rows of a kind, which are pointers, do not differ.
func (w *world) same(kind string, got, want any, what string) {
	w.Helper()
	if names := differing(got, want); len(names) > 0 {
		w.Errorf("%s: the %s differs in %v", what, kind, names)
	}
}

func (w *world) sameGrant(got, want *grant.Grant, what string) {
	w.Helper()
	w.same("grant", got, want, what)
}

func (w *world) sameClient(got, want *client.Client, what string) {
	w.Helper()
	w.same("client", got, want, what)
}
