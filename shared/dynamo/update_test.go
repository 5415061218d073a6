package dynamo

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
)

// The conditions are data-model.md's, word for word: whoever changes one should
// have to change it here too.
func TestConditionsOfEveryWrite(t *testing.T) {
	s := New(nil, stubTables)
	id := newID(t)
	k := s.grantKey(id)
	now := time.Now()
	issued := int64(4)
	slot := &grant.Filled{N: 4, Slot: grant.Slot{Digest: digest("a")}, Issued: 5}
	rotated := &grant.Rotated{Refresh: digest("r"), Rotation: 2, Request: digest("q"),
		Previous: [2]grant.Predecessor{{Digest: digest("1"), At: now}, {Digest: digest("2"), At: now}}}
	op := secret.Op(digest("op"))
	replace := func(ch grant.Change) *update {
		u, err := replacement(k, ch)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	modify := func(ch client.Change) *update {
		u, err := clientChange(s.clientKey("c"), 3, ch)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	off := client.Off
	const grantLives = "attribute_exists(#pk) AND attribute_not_exists(#rev)"
	for _, c := range []struct {
		name, condition, change string
		u                       *update
	}{
		{"redeem", grantLives + " AND #c = :0 AND #an = :1 AND #code = :2 AND attribute_not_exists(#used)",
			"SET #op = :3, #rt = :4, #fm = :5, #a4 = :6, #an = :7, #used = :8, #ie = :9, #expires_at = :10 REMOVE #p1, #p1t, #p2, #p2t, #rn, #req",
			replace(grant.Change{ID: id, If: grant.Condition{ClientID: "c", UnusedCode: digest("code"), Issued: &issued}, Op: op, UseCode: true,
				Rotation: &grant.Rotated{Refresh: digest("r")}, Family: digest("f"), Slot: slot, IdleEnd: now, ExpiresAt: now})},
		{"refresh", grantLives + " AND #rt = :0 AND #an = :1",
			"SET #op = :2, #rt = :3, #p1 = :4, #p1t = :5, #p2 = :6, #p2t = :7, #rn = :8, #req = :9, #a4 = :10, #an = :11, #ie = :12, #expires_at = :13",
			replace(grant.Change{ID: id, If: grant.Condition{Refresh: digest("old"), Issued: &issued}, Op: op, Rotation: rotated, Slot: slot, IdleEnd: now, ExpiresAt: now})},
		{"replay with a new access token", grantLives + " AND #p1 = :0 AND #op = :1 AND #an = :2", "SET #a4 = :3, #an = :4, #expires_at = :5",
			replace(grant.Change{ID: id, If: grant.Condition{Previous: digest("old"), Op: op, Issued: &issued}, Slot: slot, ExpiresAt: now})},
		{"a change of nothing", grantLives, "", replace(grant.Change{ID: id})},
		{"revoke", "attribute_exists(#pk) AND #c = :0",
			"SET #rev = if_not_exists(#rev, :1), #why = if_not_exists(#why, :2), #rop = if_not_exists(#rop, :3)", revocation(k, "c", grant.Revocation{At: now})},
		{"revoke as an operator", "attribute_exists(#pk)",
			"SET #rev = if_not_exists(#rev, :0), #why = if_not_exists(#why, :1), #rop = if_not_exists(#rop, :2)", revocation(k, "", grant.Revocation{At: now})},
		{"client off", "attribute_exists(#pk) AND #ver = :0 AND #state <> :1", "SET #state = :2, #op = :3, #updated = :4, #ver = :5",
			modify(client.Change{State: &off, Op: op, Updated: now})},
		{"client secrets and policy", "attribute_exists(#pk) AND #ver = :0 AND #state <> :1",
			"SET #s1 = :2, #policy = :3, #op = :4, #updated = :5, #ver = :6 REMOVE #s2",
			modify(client.Change{Secrets: &[]client.Secret{{Digest: digest("s")}}, Policy: &client.Policy{}, Op: op, Updated: now})},
	} {
		in := c.u.input()
		if got := aws.ToString(in.ConditionExpression); got != c.condition {
			t.Errorf("%s: condition\n got %s\nwant %s", c.name, got, c.condition)
		}
		if got := aws.ToString(in.UpdateExpression); got != c.change {
			t.Errorf("%s: update\n got %s\nwant %s", c.name, got, c.change)
		}
		if in.ReturnValuesOnConditionCheckFailure != types.ReturnValuesOnConditionCheckFailureAllOld {
			t.Errorf("%s: a failed condition would not show the item", c.name)
		}
	}
	if _, err := replacement(k, grant.Change{ID: id, Slot: &grant.Filled{N: 8}}); err == nil {
		t.Error("a ninth slot was written")
	}
}

func TestUnwritableChangesOfClients(t *testing.T) {
	k := New(nil, stubTables).clientKey("c")
	three := make([]client.Secret, 3)
	if _, err := clientChange(k, 1, client.Change{Secrets: &three}); err == nil {
		t.Error("three secrets were written")
	}
	broken := []client.Secret{{Imported: secret.NewText("\xff")}}
	if _, err := clientChange(k, 1, client.Change{Secrets: &broken}); err == nil {
		t.Error("an imported hash that is no UTF-8 was written")
	}
}
