package sqlite

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
)

// errDamaged is the outage of a row that we cannot have written.
var errDamaged = errors.New("sqlite: a row is damaged or was changed by other means; restore the database from a backup")

// row reads the columns of a statement's current row in turn. One that is not
// as we write it makes the whole row damaged.
type row struct {
	s   *stmt
	i   int32
	bad bool
}

func (r *row) int() int64 {
	r.i++
	return r.s.int(r.i - 1)
}

// epoch is a number that can be raised: at the greatest one, adding to it would
// give the least, before which nothing was born.
func (r *row) epoch() int64 {
	n := r.int()
	r.bad = r.bad || !canRise(n)
	return n
}

func canRise(epoch int64) bool { return epoch >= 0 && epoch < math.MaxInt64 }

func (r *row) view() []byte {
	r.i++
	return r.s.view(r.i - 1)
}

func (r *row) text() string { return string(r.view()) }

func (r *row) time() time.Time {
	if r.s.isNull(r.i) {
		r.i++
		return time.Time{}
	}
	return time.UnixMilli(r.int()).UTC()
}

func (r *row) digest() (d secret.Digest) {
	if b := r.view(); len(b) > 0 {
		r.bad = r.bad || len(b) != len(d)
		copy(d[:], b)
	}
	return d
}

func (r *row) list() []string {
	b := r.view()
	list, rest, ok := cutList(b)
	r.bad = r.bad || !ok || len(rest) > 0
	return list
}

// denial is one without its jti.
func (r *row) denial() grant.Denial {
	return grant.Denial{At: r.time(), Reason: r.text(), ExpiresAt: time.Unix(r.int(), 0).UTC()}
}

func readGrant(s *stmt) (*grant.Grant, error) {
	r, g := row{s: s}, &grant.Grant{}
	r.bad = len(r.s.view(0)) != len(g.ID)
	copy(g.ID[:], r.view())
	g.ClientID, g.Subject = r.text(), r.text()
	g.Scope, g.Audience = r.list(), r.list()
	g.Epochs = grant.Epochs{Client: r.epoch(), Subject: r.epoch(), Store: r.epoch()}
	g.Born, g.AbsoluteEnd, g.IdleEnd, g.ExpiresAt = r.time(), r.time(), r.time(), time.Unix(r.int(), 0).UTC()
	g.Op, g.Family = secret.Op(r.digest()), r.digest()
	g.Refresh = r.digest()
	for i := range g.Previous {
		g.Previous[i] = grant.Predecessor{Digest: r.digest(), At: r.time()}
	}
	g.Rotation, g.Request = r.int(), r.digest()
	g.Issued = r.int()
	for i := range g.Access {
		if b := r.view(); len(b) > 0 {
			slot, ok := decodeSlot(b)
			g.Access[i], r.bad = slot, r.bad || !ok
		}
	}
	g.Code = grant.Code{Digest: r.digest(), Challenge: r.text(), RedirectURI: r.digest(), Expires: r.time(), Used: r.int() != 0}
	g.Revoked = grant.Revocation{At: r.time(), Reason: r.text(), Op: secret.Op(r.digest())}
	if r.bad {
		return nil, errDamaged
	}
	return g, nil
}

// grantValues are in the order of grantColumns.
func grantValues(g *grant.Grant) []any {
	v := []any{
		g.ID[:], g.ClientID, g.Subject, encodeList(g.Scope), encodeList(g.Audience),
		g.Epochs.Client, g.Epochs.Subject, g.Epochs.Store,
		g.Born, g.AbsoluteEnd, g.IdleEnd, g.ExpiresAt.Unix(), g.Op, g.Family,
		g.Refresh, g.Previous[0].Digest, g.Previous[0].At, g.Previous[1].Digest, g.Previous[1].At, g.Rotation, g.Request,
		g.Issued,
	}
	for _, slot := range g.Access {
		v = append(v, encodeSlot(slot))
	}
	used := int64(0)
	if g.Code.Used {
		used = 1
	}
	return append(v, g.Code.Digest, g.Code.Challenge, g.Code.RedirectURI, g.Code.Expires, used,
		g.Revoked.At, g.Revoked.Reason, g.Revoked.Op)
}

func readClient(s *stmt) (*client.Client, error) { return policies(nil).readClient(s) }

// policies are decoded ones by client id, each with its JSON: while a row's is
// the same it need not be decoded again, which is most of the work of reading
// a client. nil keeps none.
type policies map[string]policy

type policy struct {
	json    string
	decoded client.Policy
}

const maxPolicies = 256

func (p policies) decode(id string, b []byte) (client.Policy, error) {
	if known, ok := p[id]; ok && known.json == string(b) {
		return known.decoded, nil
	}
	var d client.Policy
	if err := json.Unmarshal(b, &d); err != nil {
		return d, errDamaged
	}
	if p != nil {
		if len(p) >= maxPolicies {
			clear(p)
		}
		// Appending to a list that several callers have must not write into it.
		d.GrantTypes, d.Audience = slices.Clip(d.GrantTypes), slices.Clip(d.Audience)
		d.Scope, d.DefaultScope = slices.Clip(d.Scope), slices.Clip(d.DefaultScope)
		p[id] = policy{string(b), d}
	}
	return d, nil
}

func (p policies) readClient(s *stmt) (*client.Client, error) {
	r, c := row{s: s}, &client.Client{}
	c.ID, c.Version, c.Epoch, c.State = r.text(), r.epoch(), r.epoch(), client.State(r.text())
	secrets, ok := decodeSecrets(r.view())
	decoded, err := p.decode(c.ID, r.view())
	if err != nil || !ok {
		return nil, errDamaged
	}
	c.Secrets, c.Policy = secrets, decoded
	c.Op, c.Created, c.Updated = secret.Op(r.digest()), r.time(), r.time()
	if r.bad || (c.State != client.On && c.State != client.Off && c.State != client.Deleted) {
		return nil, errDamaged
	}
	return c, nil
}

// slotLen is the fixed part of a slot: the digest, which a statement compares,
// then the times issued and expires. Its scope and audience follow.
const slotLen = len(secret.Digest{}) + 8 + 8

// encodeSlot gives nil, for NULL, where the slot is empty.
func encodeSlot(s grant.Slot) any {
	if s.Digest.IsZero() {
		return nil
	}
	b := append(make([]byte, 0, 2*slotLen), s.Digest[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Issued.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(s.Expires.UnixMilli()))
	return appendList(appendList(b, s.Scope), s.Audience)
}

func decodeSlot(b []byte) (s grant.Slot, ok bool) {
	if len(b) < slotLen {
		return s, false
	}
	n := copy(s.Digest[:], b)
	s.Issued = time.UnixMilli(int64(binary.BigEndian.Uint64(b[n:]))).UTC()
	s.Expires = time.UnixMilli(int64(binary.BigEndian.Uint64(b[n+8:]))).UTC()
	if s.Scope, b, ok = cutList(b[slotLen:]); !ok {
		return s, false
	}
	s.Audience, b, ok = cutList(b)
	return s, ok && len(b) == 0
}

// A list is its length and one, or 0 for nil; then each string after its
// length. All lengths are uvarints.
func appendList(b []byte, list []string) []byte {
	if list == nil {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(list))+1)
	for _, s := range list {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

func encodeList(list []string) []byte { return appendList(nil, list) }

func cutList(b []byte) (list []string, rest []byte, ok bool) {
	n, b, ok := cutUvarint(b)
	if !ok || n == 0 {
		return nil, b, ok
	}
	if n--; n > uint64(len(b)) {
		return nil, nil, false
	}
	list = make([]string, n)
	for i := range list {
		var s []byte
		if s, b, ok = cutBytes(b); !ok {
			return nil, nil, false
		}
		list[i] = string(s)
	}
	return list, b, true
}

func cutBytes(b []byte) (s, rest []byte, ok bool) {
	n, b, ok := cutUvarint(b)
	if !ok || n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

func cutUvarint(b []byte) (n uint64, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 {
		return 0, nil, false
	}
	return n, b[size:], true
}

// Kept secrets are each: when created, in milliseconds; the digest's bytes, 32
// or none; the imported hash's.
func encodeSecrets(secrets []client.Secret) []byte {
	b := []byte{}
	for _, s := range secrets {
		b = binary.BigEndian.AppendUint64(b, uint64(s.Created.UnixMilli()))
		if s.Digest.IsZero() {
			b = append(b, 0)
		} else {
			b = append(append(b, byte(len(s.Digest))), s.Digest[:]...)
		}
		imported := s.Imported.Reveal()
		b = append(binary.AppendUvarint(b, uint64(len(imported))), imported...)
	}
	return b
}

func decodeSecrets(b []byte) (secrets []client.Secret, ok bool) {
	for len(b) > 0 {
		if len(b) < 8 {
			return nil, false
		}
		s := client.Secret{Created: time.UnixMilli(int64(binary.BigEndian.Uint64(b))).UTC()}
		var digest, imported []byte
		if digest, b, ok = cutBytes(b[8:]); !ok || (len(digest) != 0 && len(digest) != len(s.Digest)) {
			return nil, false
		}
		copy(s.Digest[:], digest)
		if imported, b, ok = cutBytes(b); !ok {
			return nil, false
		}
		s.Imported = secret.NewText(string(imported))
		secrets = append(secrets, s)
	}
	return secrets, true
}
