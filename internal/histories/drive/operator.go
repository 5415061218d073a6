package drive

import (
	"context"
	"encoding/json"
	"time"

	"rescind/internal/histories/model"
)

// operator is one who types the operator's commands.
type operator struct {
	lane int
	run  *run
}

// do runs one command. While a store is being restored nobody else may use it.
func (op *operator) do(ctx context.Context, s step) {
	w := op.run.world
	w.using.RLock()
	defer w.using.RUnlock()
	o, stdin, args, ok := op.command(s)
	if !ok {
		return
	}
	op.issue(ctx, o, s.kill, stdin, args...)
}

func (op *operator) issue(ctx context.Context, o model.Op, kill time.Duration, stdin string, args ...string) {
	rec := op.run.rec
	o.Lane, o.Caller, o.Session = op.lane, model.Nobody, model.Nobody
	o = rec.begin(o)
	out := op.run.world.operate(ctx, kill, stdin, args...)
	o.Return = rec.now()
	status := "exit 0"
	switch {
	case out.killed:
		status = "killed"
	case out.err != nil:
		status = "failed"
		op.run.note(out.err)
	}
	if out.err != nil {
		if o.Kind == model.Create {
			o.Kind = model.Issue // nobody has anything of it
		}
		rec.end(o, status, nil)
		return
	}
	o.Outcome = model.Done
	rec.end(o, status, func(o *model.Op) {
		if o.Kind == model.Create {
			op.created(o, out.stdout)
		}
	})
}

// created reads the token response that `grant create` prints.
func (op *operator) created(o *model.Op, stdout []byte) {
	var t struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if json.Unmarshal(stdout, &t) != nil || t.Refresh == "" {
		op.run.rec.breach("grant create printed no token response")
		return
	}
	op.run.rec.born(o, o.Subject, t.Access, t.Refresh)
}

// command gives the operation, the standard input and the arguments of a step.
func (op *operator) command(s step) (o model.Op, stdin string, args []string, ok bool) {
	pick := dice(s.pick)
	c, subject := pick.of(3)%model.MaxClients, pick.of(len(op.run.subjects))
	if s.kind == model.Disable || s.kind == model.Enable {
		c = 0 // the other one is to keep looking
	}
	if s.focus {
		c, subject = 0, 0
	}
	o = model.Op{Kind: s.kind, Grant: model.Nobody, Subject: model.Nobody, Client: c}
	id := op.run.clients[c].id
	switch s.kind {
	case model.UserDisable, model.UserEnable, model.UserPassword, model.UserDelete:
		return op.account(o, subject)
	case model.Create:
		o.Subject = subject
		return o, "", createArgs(id, op.run.subjects[subject]), true
	case model.RevokeSubject:
		o.Subject = subject
		return o, "", []string{"revoke", "--subject", op.run.subjects[subject]}, true
	case model.RevokeClient:
		return o, "", []string{"revoke", "--client", id}, true
	case model.Disable:
		return o, "", []string{"client", "disable", id}, true
	case model.Enable:
		return o, "", []string{"client", "enable", id}, true
	}
	rec := op.run.rec
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if len(rec.grants) == 0 {
		return o, "", nil, false
	}
	g := rec.grants[pick.of(len(rec.grants))]
	o.Grant, o.Client = g.n, g.client
	// By a refresh token, of whatever age, or by the grant's id.
	if len(g.refresh) > 0 && pick.of(3) == 0 {
		return o, g.refresh[pick.of(len(g.refresh))], []string{"revoke", "--token", "-"}, true
	}
	return o, "", []string{"revoke", "--grant", g.id}, true
}

// account gives a command about a user's account.
func (op *operator) account(o model.Op, user int) (_ model.Op, stdin string, args []string, ok bool) {
	if user >= op.run.rec.h.Accounts {
		return o, "", nil, false
	}
	o.Subject, o.Client = user, model.Nobody
	email := op.run.email(user)
	switch o.Kind {
	case model.UserDisable:
		return o, "", []string{"user", "disable", email}, true
	case model.UserEnable:
		return o, "", []string{"user", "enable", email}, true
	case model.UserDelete:
		return o, "", []string{"user", "delete", email}, true
	}
	o.Pass = op.run.rec.newPassword(user)
	return o, password(user, o.Pass), []string{"user", "set-password", email, "--password-stdin"}, true
}

func createArgs(client, subject string) []string {
	return []string{"grant", "create", "--client", client, "--subject", subject, "--scopes", "read"}
}
