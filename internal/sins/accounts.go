package main

func init() { sins = append(sins, accountSins...) }

var accounts = []string{"./shared/user"}

// accountSins are against people's accounts.
var accountSins = []sin{
	{
		Name: "unknown-user-unhashed", What: "an email that nobody has is answered without the work of hashing",
		File: "shared/user/verify.go", Packages: accounts,
		Find:    "	hash, usable := nobodys,",
		Replace: "	if found == nil {\n		return nil, false, nil\n	}\n	hash, usable := nobodys,",
	},
	{
		Name: "nobodys-hash-cheaper", What: "who is not there costs less work than who is",
		File: "shared/user/hash.go", Packages: accounts,
		Find: "var nobodys = kept{cost: current,", Replace: "var nobodys = kept{cost: cost{8, 1, 1},",
	},
	{
		Name: "user-off-signs-in", What: "an account that is off signs in",
		File: "shared/user/verify.go", Packages: accounts,
		Find: "found != nil && found.State == On && !found.Password.IsEmpty()", Replace: "found != nil && !found.Password.IsEmpty()",
	},
	{
		Name: "user-off-is-told", What: "who may not sign in learns that the account is off",
		File: "shared/user/verify.go", Packages: accounts,
		Find:    "	hash, usable := nobodys,",
		Replace: "	if found != nil && found.State == Off {\n		return nil, false, ErrOff\n	}\n	hash, usable := nobodys,",
	},
	{
		Name: "guesses-at-once", What: "a guess is counted after it was looked at, so many at once are free",
		File: "shared/user/throttle.go", Packages: accounts,
		Find: "	g.pairs.take(p, now)\n", Replace: "",
	},
	{
		Name: "owner-locked-out", What: "others' failures at an account keep its owner out",
		File: "shared/user/throttle.go", Packages: accounts,
		Find:    "		if failed := g.pairs.all[p].failed; !failed.IsZero() && g.accounts.wait(account, now) > 0 {",
		Replace: "		wait = max(wait, g.accounts.wait(account, now))\n		if failed := g.pairs.all[p].failed; !failed.IsZero() && g.accounts.wait(account, now) > 0 {",
	},
	{
		Name: "source-washed-off", What: "signing in to one account forgives failures at all others",
		File: "shared/user/throttle.go", Packages: accounts,
		Find: "	delete(g.pairs.all, p)\n", Replace: "	delete(g.pairs.all, p)\n	delete(g.sources.all, p.source)\n",
	},
	{
		Name: "new-password-ends-nothing", What: "switching off, deleting and a new password leave the user's grants alive",
		File: "shared/user/change.go", Packages: accounts,
		Find: "	return a.Raiser.EndSubject(context.WithoutCancel(ctx), changed.Subject) //", Replace: "	_ = changed\n	return nil //",
	},
	{
		Name: "enable-revives", What: "switching on does not end what a switch-off that was cut off left",
		File: "shared/user/change.go", Packages: accounts,
		Find:    "		if err := a.Raiser.EndSubject(ctx, stored.Subject); err != nil {\n			return err\n		}\n		next := *stored",
		Replace: "		next := *stored",
	},
	{
		Name: "subject-given-twice", What: "who makes an account anew gets the deleted one's subject",
		File: "shared/user/accounts.go", Packages: accounts,
		Find: "	err = a.put(ctx, &made, ver)\n", Replace: "	if deleted != nil {\n		made.Subject = deleted.Subject\n	}\n	err = a.put(ctx, &made, ver)\n",
	},
	{
		Name: "old-sign-in-vouches", What: "an account that changed during the sign-in still signs in",
		File: "shared/user/verify.go", Packages: accounts,
		Find: "stored.Version != given.Version, stored.Subject", Replace: "stored.Subject",
	},
	{
		Name: "provider-names-an-account", What: "an upstream user's account is found by sub alone, whoever the issuer is",
		File: "shared/user/key.go", Packages: accounts,
		Find: "return keyOf(\"upstream\", issuer, sub)", Replace: "return keyOf(\"upstream\", \"\", sub)",
	},
	{
		Name: "restored-password-works", What: "a restore brings back the password that was changed since the backup",
		File: "shared/user/again.go", Packages: []string{"./shared/user", "./shared/journal"}, Run: "Restored|Ended",
		Find: "	did.Dropped = !row.Password.IsEmpty()", Replace: "	did.Dropped = false && !row.Password.IsEmpty()",
	},
	{
		Name: "restored-user-comes-again", What: "a restore lets a user back in who first came after the backup and was switched off",
		File: "shared/user/again.go", Packages: []string{"./shared/user", "./shared/journal"}, Run: "Restored|Ended",
		Find: "	if known.State != Off {", Replace: "	if known.State != On || row == nil {",
	},
	{
		Name: "email-in-the-log", What: "the audit names a user by email",
		File: "cmd/rescind/user_edit.go", Packages: []string{"./cmd/rescind"}, Run: "NoLogHolds",
		Find: "a.recordUser(ctx, \"user set-password\", u.Subject,", Replace: "a.recordUser(ctx, \"user set-password\", u.Email,",
	},
}
