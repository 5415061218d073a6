package registration

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rescind/shared/client"
	"rescind/shared/oauth"
)

// MaxFile is the most that is read, in bytes: some 20,000 clients. maxRows
// bounds what a file of many small rows grows to when it is read.
const (
	MaxFile = 16 << 20
	maxRows = 100_000
)

var errManyRows = fmt.Errorf("the file has more than %d rows; import it in parts", maxRows)

// Form is what a file was recognised as.
type Form string

// The forms.
const (
	Metadata Form = "RFC 7591 client metadata"
	Fixture  Form = "django-oauth-toolkit applications, as dumpdata writes them"
	RowsJSON Form = "django-oauth-toolkit applications, rows in JSON"
	RowsCSV  Form = "django-oauth-toolkit applications, rows in CSV"
)

// Options are what the operator says of a whole file.
type Options struct {
	Now             time.Time
	Scope           *oauth.Scope // of clients that name none; nil: those are refused
	DefaultScope    *oauth.Scope // of clients that name none; nil: all that the client may have
	DropUnsupported bool         // leave out grant types that are not offered, where others remain
	WithoutSecrets  bool         // take confidential clients without a secret, and leave out those that are too short
}

// File is what a file holds.
type File struct {
	Form    Form
	Clients []Entry
	Other   int // rows of a fixture that are no applications
}

// Entry is one client of a file, to be taken or refused.
type Entry struct {
	Position int    // in the file, from 1
	ID       string // empty where it cannot be said safely
	Client   client.Registration
	LeftOut  []string // members that were not kept, by name
	Refused  error    // why it cannot be kept, as a clause
}

// OnlyRefreshes tells that all grant types with which the client could begin a
// grant were left out: it can only refresh those that the operator makes for it.
func (e Entry) OnlyRefreshes() bool {
	dropped := func(what string) bool { return strings.HasPrefix(what, leftGrantType) }
	return onlyRefreshes(e.Client.Policy) && slices.ContainsFunc(e.LeftOut, dropped)
}

// Name is how an entry is spoken of: its position, and its id where it can be said.
func (e Entry) Name() string {
	if e.ID == "" {
		return fmt.Sprintf("client %d", e.Position)
	}
	return fmt.Sprintf("client %d (%s)", e.Position, e.ID)
}

var errForm = errors.New("this is neither RFC 7591 client metadata (an object with client_id, an array of them, or {\"clients\":[...]}) " +
	"nor django-oauth-toolkit's applications (`manage.py dumpdata oauth2_provider.application`, or CSV with the table's column names in its first line)")

// Read reads a file and recognises its form. The error is about the file as a
// whole; what is wrong with one client stands with it.
func Read(data []byte, o Options) (File, error) {
	switch {
	case len(data) > MaxFile:
		return File{}, fmt.Errorf("the file has more than %d MiB; import it in parts", MaxFile>>20)
	case !utf8.Valid(data):
		return File{}, errors.New("the file is not UTF-8; convert it first")
	}
	text := strings.TrimPrefix(string(data), "\ufeff") // as some editors begin a file
	switch trimmed := strings.TrimSpace(text); {
	case trimmed == "":
		return File{}, errors.New("the file is empty")
	case trimmed[0] != '{' && trimmed[0] != '[':
		return readCSV(text, o)
	}
	tree, err := parseJSON(text)
	if err != nil {
		return File{}, err
	}
	return readTree(tree, o)
}

func readTree(tree any, o Options) (File, error) {
	list, ok := tree.([]any)
	if one, isObject := tree.(object); isObject {
		if list, ok = one["clients"].([]any); !ok {
			list, ok = []any{one}, one["client_id"] != nil
		}
	}
	if !ok {
		return File{}, errForm
	}
	if len(list) == 0 {
		return File{}, errors.New("the file holds no client")
	}
	if len(list) > maxRows {
		return File{}, errManyRows
	}
	f := File{Form: Metadata}
	parse := fromMetadata
	switch first, _ := list[0].(object); {
	case first["model"] != nil && first["fields"] != nil:
		f.Form, parse = Fixture, fromRow
	case first["authorization_grant_type"] != nil:
		f.Form, parse = RowsJSON, fromRow
	}
	for i, v := range list {
		m, isObject := v.(object)
		if f.Form == Fixture && isObject {
			if !isApplication(m) {
				f.Other++
				continue
			}
			m, isObject = m["fields"].(object)
		}
		f.add(i+1, m, isObject, parse, o)
	}
	return f.checked()
}

// add parses one client.
func (f *File) add(position int, m object, isObject bool, parse func(*members, Options) (client.Registration, error), o Options) {
	e := Entry{Position: position}
	if !isObject {
		e.Refused = errors.New("it is not an object")
		f.Clients = append(f.Clients, e)
		return
	}
	ms := &members{all: m, used: map[string]bool{}}
	id := ms.text("client_id")
	if e.Refused = checkID(id); e.Refused == nil {
		e.ID = id
		e.Client, e.Refused = parse(ms, o)
		e.Client.ID = id
		e.LeftOut = ms.leftOut()
	}
	if ms.err != nil {
		e.Refused = ms.err // what came after it was read wrong may not be what is wrong
	}
	if e.Refused == nil {
		e.Refused = checkRegistration(e.Client)
	}
	f.Clients = append(f.Clients, e)
}

// checked refuses the second of two clients with one id.
func (f File) checked() (File, error) {
	if len(f.Clients) == 0 {
		return File{}, errors.New("the file holds no client, only rows of other tables")
	}
	first := map[string]int{}
	for i := range f.Clients {
		e := &f.Clients[i]
		switch before, seen := first[e.ID]; {
		case e.ID == "":
		case seen && e.Refused == nil:
			e.Refused = fmt.Errorf("client %d of the file has the same client_id; leave one of them out", before)
		case !seen:
			first[e.ID] = e.Position
		}
	}
	return f, nil
}

func checkID(id string) error {
	switch {
	case id == "":
		return errors.New("client_id is missing: an import keeps ids; `rescind client create` registers a new client")
	case looksOurs(id):
		return errors.New("client_id looks like a token or secret")
	}
	return client.CheckID(id)
}

// The most bytes of a name that stands in tables and logs.
const maxName = 200

func checkRegistration(r client.Registration) error {
	p := r.Policy
	for _, words := range [][]string{{p.Name}, p.Scope, p.DefaultScope, p.Audience, p.RedirectURIs, p.AllowedOrigins} {
		for _, word := range words {
			if looksOurs(word) {
				return errors.New("its name, scopes, audience, redirect URIs or origins hold something that looks like a token or secret; it would stand in logs, so leave it out")
			}
		}
	}
	switch {
	case len(p.Name) > maxName:
		return fmt.Errorf("client_name may have %d bytes at most; shorten it", maxName)
	case !printable(p.Name):
		return errors.New("client_name must be printable text on one line")
	}
	for _, a := range p.Audience {
		if !oauth.ValidResource(a) {
			return errors.New("an audience is not an absolute URI without fragment (RFC 8707 section 2)")
		}
	}
	if err := checkRedirects(p); err != nil {
		return err
	}
	return r.Check()
}
