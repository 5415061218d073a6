package browser

import (
	"context"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/session"
)

// person is who has signed in in this browser.
type person struct {
	session *session.Session // nil where nobody has
	epochs  session.Epochs   // the current ones, which the session has not fallen behind
}

func (p person) isKnown() bool { return p.session != nil }

// who reads the browser's session, and then what it is judged by, together with
// a client's row where one is asked for. Errors are outages.
func (s *Service) who(v *visit, clientID string) (p person, c *client.Client, err error) {
	ctx := v.r.Context()
	var row *session.Session
	if !v.cookie.session.IsEmpty() {
		if row, err = s.Store.FindSession(ctx, v.cookie.session.Digest()); err != nil {
			return p, nil, err
		}
	}
	keys := grant.Keys{}
	if row != nil {
		keys.Subjects = []string{row.Subject}
	}
	if clientID != "" {
		keys.Clients = []string{clientID}
	}
	if len(keys.Subjects)+len(keys.Clients) == 0 {
		return p, nil, nil
	}
	rows, err := s.Store.Find(ctx, keys)
	if err != nil {
		return p, nil, err
	}
	if clientID != "" {
		c = rows.Clients[0]
	}
	if row == nil {
		return p, c, nil
	}
	p, err = s.judge(ctx, row, session.Epochs{Subject: rows.Subjects[0], Store: rows.Generation})
	return p, c, err
}

// judge gives the person of a session that is alive, and marks it as used.
func (s *Service) judge(ctx context.Context, row *session.Session, cur session.Epochs) (person, error) {
	if row.Dead(cur, s.now()) != "" {
		return person{}, nil
	}
	alive, err := s.Sessions.Used(ctx, s.Store, row)
	if err != nil || !alive {
		return person{}, err
	}
	return person{session: row, epochs: cur}, nil
}

// begin ends whatever session the browser had, starts one of its own for
// somebody who has just proved who they are, and hands over the cookie.
func (s *Service) begin(v *visit, who session.Who) error {
	ctx := v.r.Context()
	if !v.cookie.session.IsEmpty() {
		if err := s.Sessions.End(ctx, s.Store, v.cookie.session.Digest()); err != nil {
			return err
		}
	}
	value, _, err := s.Sessions.Start(ctx, s.Store, who)
	if err != nil {
		return err
	}
	s.setCookie(v.w, cookieSession, value, s.Sessions.Absolute)
	s.dropCookie(v.w, cookieForm)
	v.cookie.session = value
	return nil
}
