package main

func init() { sins = append(sins, peopleSins...) }

// peopleSins are against what the stores keep of people.
var peopleSins = []sin{
	{
		Name: "session-revived", What: "use moves on the end of a session that has ended",
		File: "shared/sqlite/sessions.go", Packages: suite, Run: "TestStore",
		Find: "WHERE id = ? AND ended IS NULL AND idle_end < ?", Replace: "WHERE id = ? AND idle_end < ?",
	},
	{
		Name: "session-ended-anew", What: "a second end of a session replaces the first one's time",
		File: "shared/sqlite/sessions.go", Packages: suite, Run: "TestStore",
		Find: "SET ended = ? WHERE id = ? AND ended IS NULL", Replace: "SET ended = ? WHERE id = ?",
	},
	{
		Name: "session-idle-end-back", What: "a late use moves a session's idle end back",
		File: "shared/sqlite/sessions.go", Packages: suite, Run: "TestStore",
		Find: "AND ended IS NULL AND idle_end < ?", Replace: "AND ended IS NULL AND idle_end <> ?",
	},
	{
		Name: "account-under-any-version", What: "an account is changed whatever version is stored",
		File: "shared/sqlite/users.go", Packages: suite, Run: "TestStore",
		Find: "WHERE id = ? AND ver = ?", Replace: "WHERE id = ? AND ver = ifnull(ver, ?)",
	},
	{
		Name: "consents-under-any-version", What: "consents are changed whatever version is stored",
		File: "shared/sqlite/consents.go", Packages: suite, Run: "TestStore",
		Find: "WHERE subject = ? AND ver = ?", Replace: "WHERE subject = ? AND ver = ifnull(ver, ?)",
	},
	{
		Name: "sessions-kept-for-ever", What: "expired sessions are not deleted",
		File: "shared/sqlite/write.go", Packages: suite, Run: "Expired",
		Find: "DELETE FROM sessions WHERE rowid IN", Replace: "DELETE FROM sessions WHERE 0 AND rowid IN",
	},
	{
		Name: "older-file-without-people", What: "a file of schema 3 gets the new version without its tables",
		File: "shared/sqlite/schema.go", Packages: suite, Run: "Older",
		Find: "	3: {5, people},", Replace: "	3: {5, nil},",
	},
	{
		Name: "session-digest-in-cursor", What: "a cursor shows the digest that a session is found by",
		File: "shared/dynamo/walk.go", Packages: engine, Run: "Cursor",
		Find: "; w.takes(from) {", Replace: "; from != \"\" {",
	},
	{
		Name: "session-digest-in-error", What: "an error shows the digest that a session is found by",
		File: "shared/dynamo/codec_people.go", Packages: engine, Run: "Damaged",
		Find: "	r.of = \"of a session\"\n", Replace: "",
	},
	{
		Name: "another-subjects-consents", What: "an item that holds another subject's consents is believed",
		File: "shared/dynamo/codec_people.go", Packages: engine, Run: "Damaged",
		Find: "	if (&Store{}).consentKey(c.Subject).pk != r.of {", Replace: "	if false {",
	},
}
