package dynamo

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"rescind/shared/authorization"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/user"
)

// Attribute names of people's items that conditions and updates use too.
const (
	attrRowVer = attrClientVer
	attrEnded  = "end"
)

// parseDigestKey takes the 32 bytes out of a key that ends in their hexadecimal.
func parseDigestKey(prefix, pk string) (d [32]byte, ok bool) {
	digits := strings.TrimPrefix(pk, prefix)
	b, err := hex.DecodeString(digits)
	return d, copy(d[:], b) == len(d) && err == nil && hex.EncodeToString(d[:]) == digits
}

func encodeUser(k key, a *user.Account) (item, error) {
	w := &writer{item: item{attrKey: str(k.pk), attrVersion: num(layout), attrRowVer: num(a.Version), attrState: str(string(a.State))}}
	w.str("sub", a.Subject)
	w.str("email", a.Email)
	w.str(attrName, a.Name)
	w.str("iss", a.Issuer)
	w.str("pw", a.Password.Reveal())
	w.bytes32(attrOp, a.Op)
	w.time("created", a.Created)
	w.time(attrUpdated, a.Updated)
	return w.item, w.err
}

func decodeUser(it item) (*user.Account, error) {
	r := readItem(it)
	if r.newer(); r.err != nil {
		return nil, r.err
	}
	r.need(attrVersion, attrRowVer, attrState)
	id, ok := parseDigestKey(userPrefix, r.of)
	if !ok {
		r.fault(attrKey)
	}
	a := &user.Account{
		Key: id, Version: r.num(attrRowVer), Subject: r.str("sub"), State: user.State(r.str(attrState)),
		Email: r.str("email"), Name: r.str(attrName), Issuer: r.str("iss"), Password: secret.NewText(r.str("pw")),
		Op: r.op(attrOp), Created: r.time("created"), Updated: r.time(attrUpdated),
	}
	if a.State != user.On && a.State != user.Off && a.State != user.Deleted {
		r.fault(attrState)
	}
	return a, r.err
}

func encodeSession(k key, n *session.Session) (item, error) {
	w := &writer{item: item{attrKey: str(k.pk), attrVersion: num(layout)}}
	w.bytes32("acc", n.Account)
	w.str("sub", n.Subject)
	w.str("label", n.Label)
	w.num("es", n.Epochs.Subject)
	w.num("eg", n.Epochs.Store)
	w.time("auth", n.AuthTime)
	w.time("bn", n.Born)
	w.time(attrIdleEnd, n.IdleEnd)
	w.time("ab", n.AbsoluteEnd)
	w.seconds(TTLAttribute, n.ExpiresAt)
	w.time(attrEnded, n.Ended)
	w.bytes32(attrOp, n.Op)
	return w.item, w.err
}

// decodeSession names no session in its errors: the key is a secret's digest.
func decodeSession(it item) (*session.Session, error) {
	r := readItem(it)
	id, ok := parseDigestKey(sessionPrefix, r.of)
	r.of = "of a session"
	if r.newer(); r.err != nil {
		return nil, r.err
	}
	r.need(attrVersion)
	if !ok {
		r.fault(attrKey)
	}
	return &session.Session{
		ID: id, Account: r.bytes32("acc"), Subject: r.str("sub"), Label: r.str("label"),
		Epochs:   session.Epochs{Subject: r.num("es"), Store: r.num("eg")},
		AuthTime: r.time("auth"), Born: r.time("bn"), IdleEnd: r.time(attrIdleEnd), AbsoluteEnd: r.time("ab"),
		ExpiresAt: r.seconds(TTLAttribute), Ended: r.time(attrEnded), Op: r.op(attrOp),
	}, r.err
}

func encodeConsents(k key, c *authorization.Consents) (item, error) {
	apps, err := json.Marshal(c.Apps)
	if err != nil {
		return nil, fmt.Errorf("dynamo: encoding a subject's consents: %w", err)
	}
	w := &writer{item: item{attrKey: str(k.pk), attrVersion: num(layout), attrRowVer: num(c.Version), "apps": str(string(apps))}}
	w.str("sub", c.Subject)
	w.bytes32(attrOp, c.Op)
	w.time(attrUpdated, c.Updated)
	return w.item, w.err
}

func decodeConsents(it item) (*authorization.Consents, error) {
	r := readItem(it)
	if r.newer(); r.err != nil {
		return nil, r.err
	}
	r.need(attrVersion, attrRowVer, "apps", "sub")
	c := &authorization.Consents{Subject: r.str("sub"), Version: r.num(attrRowVer), Op: r.op(attrOp), Updated: r.time(attrUpdated)}
	if (&Store{}).consentKey(c.Subject).pk != r.of { // else one subject would be shown another's
		r.fault(attrKey)
	}
	// Not the decoder's own error: it may quote what it read.
	if json.Unmarshal([]byte(r.str("apps")), &c.Apps) != nil {
		r.fault("apps")
	}
	return c, r.err
}
