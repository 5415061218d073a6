package plant

// The profiles in which people press buttons, and those in which operators
// switch them off.
var (
	inPages    = []string{"people", "cuts"}
	ofAccounts = []string{"accounts"}
)

// pause stands for a machine that swaps, or a garbage collector.
const pause = "time.Sleep(80 * time.Millisecond)"

// ofPeople are in sign-in, consent, codes and the page's buttons. The stores
// have no part in most of them.
var ofPeople = []Fault{
	{
		Name: "cut-answers-first", What: "the button of an app answers, and ends the app's grants then", Store: []string{sqlite}, Among: inPages,
		Edits: []Edit{
			{"shared/browser/authorized.go", "	if _, err := s.apps.Cut(ctx, s.Store, p.session.Subject, id); err != nil {\n		return err\n	}\n",
				"	go func() {\n		" + pause + "\n		_, _ = s.apps.Cut(context.WithoutCancel(ctx), s.Store, p.session.Subject, id)\n	}()\n"},
			{"shared/browser/authorized.go", "import (\n	\"net/url\"\n", "import (\n	\"context\"\n	\"net/url\"\n	\"time\"\n"},
		},
	},
	{
		Name: "cut-trusts-the-index", What: "a cut ends what an index has that is 200 ms late, and nothing newer", Store: []string{sqlite}, Among: inPages,
		Edits: []Edit{{"shared/authorization/apps.go", "		if g.ClientID != clientID {\n", "		if g.ClientID != clientID || r.now().Sub(g.Born) < 200*time.Millisecond {\n"}},
	},
	{
		Name: "cut-keeps-the-consent", What: "a cut ends the app's grants, and the consent is remembered", Store: []string{sqlite}, Among: inPages,
		Edits: []Edit{{"shared/authorization/consent.go", "	a.Scope, a.Audience, a.Since = nil, nil, now\n	a.Withdrawn++", "	a.Since = now\n	a.Withdrawn++"}},
	},
	{
		Name: "withdrawn-unseen", What: "an approval that is slow does not look whether the app was cut meanwhile", Store: []string{sqlite}, Among: inPages,
		Edits: []Edit{
			{"shared/authorization/approve.go", "		if app.Withdrawn != a.Withdrawn ||", "		if"},
			{"shared/authorization/approve.go", "	code, err := r.Grants.IssueCode(", "	" + pause + "\n	code, err := r.Grants.IssueCode("},
		},
	},
	{
		Name: "code-good-twice", What: "a redemption is written whether or not the code was used by then", Store: []string{sqlite, dynamo}, Among: inPages,
		Edits: []Edit{{"shared/grant/redeem.go", "	p.change.If.ClientID, p.change.If.UnusedCode = g.ClientID, req.Code.Digest()\n", "	p.change.If = Condition{ClientID: g.ClientID}\n"}},
	},
	{
		Name: "session-of-later-epochs", What: "a session carries the epochs of when it was made, not those of before the password was checked", Store: []string{sqlite}, Among: ofAccounts,
		Edits: []Edit{
			{"shared/browser/person.go", "	value, _, err := s.Sessions.Start(", "	" + pause + "\n	if e, err := s.epochsOf(ctx, who.Subject); err == nil {\n		who.Epochs = e\n	}\n	value, _, err := s.Sessions.Start("},
			{"shared/browser/person.go", "	\"context\"\n", "	\"context\"\n	\"time\"\n"},
		},
	},
	{
		Name: "signed-out-in-name", What: "signing out takes the cookie away, and leaves the session", Store: []string{sqlite}, Among: ofAccounts,
		Edits: []Edit{{"shared/browser/sign_out.go", "	if err := s.Sessions.End(v.r.Context(), s.Store, p.session.ID); err != nil {\n		return err\n	}\n", ""}},
	},
	{
		Name: "epoch-before-row", What: "a user who is switched off, deleted or given a password has the epoch raised before the row is written", Store: []string{sqlite}, Among: ofAccounts,
		Edits: []Edit{{"shared/user/change.go", "	changed, err := a.change(ctx, key, edit)\n	if err != nil {\n		return err\n	}\n	return a.Raiser.EndSubject(context.WithoutCancel(ctx), changed.Subject) // begun is to be done, though the caller goes away\n",
			"	before, err := a.living(ctx, key)\n	if err != nil {\n		return err\n	}\n	if err := a.Raiser.EndSubject(ctx, before.Subject); err != nil {\n		return err\n	}\n	" + pause + "\n	_, err = a.change(ctx, key, edit)\n	return err\n"}},
	},
}
