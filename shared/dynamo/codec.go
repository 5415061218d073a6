package dynamo

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
)

// Attribute names that conditions and updates use too. doc.go draws them all.
const (
	attrKey         = "pk"
	attrVersion     = "v"
	attrClient      = "c"
	attrIndex       = "gs"
	attrClientIndex = "gc"
	attrIdleEnd     = "ie"
	attrFamily      = "fm"
	attrRefresh     = "rt"
	attrPrevious    = "p1"
	attrSecond      = "p2"
	attrRotation    = "rn"
	attrRequest     = "req"
	attrOp          = "op"
	attrIssued      = "an"
	attrCode        = "code"
	attrUsed        = "used"
	attrRevoked     = "rev"
	attrReason      = "why"
	attrRevoker     = "rop"
	attrEpoch       = "epoch"
	attrClientVer   = "ver"
	attrState       = "state"
	attrPolicy      = "policy"
	attrUpdated     = "updated"

	// TTLAttribute is the tokens table's TTL attribute.
	TTLAttribute = "expires_at"

	layout = 1 // of an item; where it has no attrVersion it is 1
)

// attrSecrets are a client's kept secrets; attrAt is suffixed to a predecessor.
var attrSecrets = [2]string{"s1", "s2"}

const attrAt = "t"

func attrSlot(n int) string { return "a" + strconv.Itoa(n) }

func encodeGrant(k key, g *grant.Grant) (item, error) {
	w := &writer{item: item{attrKey: str(k.pk), attrVersion: num(layout), attrIssued: num(g.Issued)}}
	w.str(attrClient, g.ClientID)
	if w.str("sub", g.Subject); g.Subject != "" {
		w.item[attrIndex] = str(subjectIndexKey(g.Subject))
		w.item[attrClientIndex] = str(clientIndexKey(g.ClientID, g.ID))
	}
	w.scope("sc", g.Scope)
	w.strings("au", g.Audience)
	w.num("ec", g.Epochs.Client)
	w.num("es", g.Epochs.Subject)
	w.num("eg", g.Epochs.Store)
	w.time("bn", g.Born)
	w.time("ab", g.AbsoluteEnd)
	w.time(attrIdleEnd, g.IdleEnd)
	w.seconds(TTLAttribute, g.ExpiresAt)
	w.bytes32(attrOp, g.Op)
	w.bytes32(attrFamily, g.Family)
	w.bytes32(attrRefresh, g.Refresh)
	for i, name := range []string{attrPrevious, attrSecond} {
		w.bytes32(name, g.Previous[i].Digest)
		w.time(name+attrAt, g.Previous[i].At)
	}
	w.num(attrRotation, g.Rotation)
	w.bytes32(attrRequest, g.Request)
	for n, slot := range g.Access {
		if !slot.Digest.IsZero() {
			v, err := encodeSlot(slot)
			if err != nil {
				return nil, err
			}
			w.item[attrSlot(n)] = v
		}
	}
	w.bytes32(attrCode, g.Code.Digest)
	w.str("cc", g.Code.Challenge)
	w.bytes32("cr", g.Code.RedirectURI)
	w.time("ce", g.Code.Expires)
	if g.Code.Used {
		w.item[attrUsed] = yes()
	}
	if !g.Revoked.At.IsZero() {
		for name, v := range encodeRevocation(g.Revoked) {
			w.item[name] = v
		}
	}
	return w.item, w.err
}

// encodeRevocation leaves nothing out: a later revocation must find nothing to
// fill in. A reason that is no UTF-8 must not be what keeps a token alive.
func encodeRevocation(r grant.Revocation) item {
	return item{attrRevoked: millis(r.At), attrReason: str(strings.ToValidUTF8(r.Reason, "?")), attrRevoker: bin(r.Op[:])}
}

func encodeSlot(s grant.Slot) (types.AttributeValue, error) {
	w := &writer{item: item{"d": bin(s.Digest[:])}}
	w.time("i", s.Issued)
	w.time("e", s.Expires)
	w.scope("s", s.Scope)
	w.strings("u", s.Audience)
	return &types.AttributeValueMemberM{Value: w.item}, w.err
}

func decodeGrant(it item) (*grant.Grant, error) {
	r := readItem(it)
	if r.newer(); r.err != nil {
		return nil, r.err
	}
	r.need(attrVersion, attrClient, attrIssued)
	id, ok := parseGrantKey(r.of)
	if !ok {
		r.fault(attrKey)
	}
	g := &grant.Grant{
		ID: id, ClientID: r.str(attrClient), Subject: r.str("sub"), Scope: r.scope("sc"), Audience: r.strings("au"),
		Epochs: grant.Epochs{Client: r.num("ec"), Subject: r.num("es"), Store: r.num("eg")},
		Born:   r.time("bn"), AbsoluteEnd: r.time("ab"), IdleEnd: r.time(attrIdleEnd), ExpiresAt: r.seconds(TTLAttribute),
		Op: r.op(attrOp), Family: r.digest(attrFamily), Refresh: r.digest(attrRefresh),
		Rotation: r.num(attrRotation), Request: r.digest(attrRequest), Issued: r.num(attrIssued),
		Code: grant.Code{Digest: r.digest(attrCode), Challenge: r.str("cc"), RedirectURI: r.digest("cr"),
			Expires: r.time("ce"), Used: r.bool(attrUsed)},
		Revoked: grant.Revocation{At: r.time(attrRevoked), Reason: r.str(attrReason), Op: r.op(attrRevoker)},
	}
	for i, name := range []string{attrPrevious, attrSecond} {
		g.Previous[i] = grant.Predecessor{Digest: r.digest(name), At: r.time(name + attrAt)}
	}
	for n := range g.Access {
		r.within(attrSlot(n), func(in *reader) {
			in.need("d")
			g.Access[n] = grant.Slot{Digest: in.digest("d"), Issued: in.time("i"), Expires: in.time("e"),
				Scope: in.scope("s"), Audience: in.strings("u")}
		})
	}
	return g, r.err
}

func decodeDenial(it item) (grant.Denial, error) {
	r := readItem(it)
	r.newer()
	r.need(attrRevoked)
	return grant.Denial{JTI: strings.TrimPrefix(r.of, denialPrefix), At: r.time(attrRevoked), Reason: r.str(attrReason),
		ExpiresAt: r.seconds(TTLAttribute)}, r.err
}

func decodeEpoch(it item) (int64, error) {
	r := readItem(it)
	r.newer()
	r.need(attrEpoch)
	return r.num(attrEpoch), r.err
}

func encodeClient(k key, c *client.Client) (item, error) {
	w := &writer{item: item{attrKey: str(k.pk), attrClientVer: num(c.Version), attrEpoch: num(c.Epoch), attrState: str(string(c.State))}}
	secrets, err := encodeSecrets(c.Secrets)
	if err != nil {
		return nil, err
	}
	for name, v := range secrets {
		w.item[name] = v
	}
	policy, err := encodePolicy(c.Policy)
	if err != nil {
		return nil, err
	}
	w.item[attrPolicy] = policy
	w.bytes32(attrOp, c.Op)
	w.time("created", c.Created)
	w.time(attrUpdated, c.Updated)
	return w.item, w.err
}

// encodeSecrets gives the attributes of the kept secrets there are.
func encodeSecrets(all []client.Secret) (item, error) {
	if len(all) > len(attrSecrets) {
		return nil, fmt.Errorf("dynamo: a client row holds %d secrets at most", len(attrSecrets))
	}
	full := item{}
	for i, kept := range all {
		w := &writer{item: item{}}
		w.bytes32("d", kept.Digest)
		w.str("h", kept.Imported.Reveal())
		w.time("t", kept.Created)
		if w.err != nil {
			return nil, w.err
		}
		full[attrSecrets[i]] = &types.AttributeValueMemberM{Value: w.item}
	}
	return full, nil
}

func encodePolicy(p client.Policy) (types.AttributeValue, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("dynamo: encoding a policy: %w", err)
	}
	return str(string(b)), nil
}

func decodeClient(it item) (*client.Client, error) {
	r := readItem(it)
	r.newer()
	r.need(attrClientVer, attrEpoch, attrState, attrPolicy)
	c := &client.Client{
		ID: strings.TrimPrefix(r.of, clientPrefix), Version: r.num(attrClientVer), Epoch: r.num(attrEpoch), State: client.State(r.str(attrState)),
		Op: r.op(attrOp), Created: r.time("created"), Updated: r.time(attrUpdated),
	}
	if c.State != client.On && c.State != client.Off && c.State != client.Deleted {
		r.fault(attrState)
	}
	for _, name := range attrSecrets {
		r.within(name, func(in *reader) {
			c.Secrets = append(c.Secrets, client.Secret{Digest: in.digest("d"), Imported: secret.NewText(in.str("h")), Created: in.time("t")})
		})
	}
	// Not the decoder's own error: it may quote what it read.
	if json.Unmarshal([]byte(r.str(attrPolicy)), &c.Policy) != nil {
		r.fault(attrPolicy)
	}
	return c, r.err
}
