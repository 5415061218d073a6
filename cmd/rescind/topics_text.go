package main

// topics are the things that people ask. A test runs every command line
// in them against the commands there are.
var topics = []topic{
	{"leak", "Something leaked: what to cut, and how", `Here billing stands for the client's ID, which ` + "`rescind client list`" + ` shows.

One token leaked. End its grant, the access and refresh tokens of that user with
that client. The token is pasted on standard input, so that it does not stay in
the shell's history:

  rescind revoke --token -

All that a user granted, at every client; alice stands for the user's subject, which
` + "`rescind user list`" + ` shows:

  rescind revoke --subject alice --reason "laptop stolen"

A client's tokens, but not its secret:

  rescind revoke --client billing --reason "tokens in a log"

A client's secret. Its grants end when it is switched off, and it gets a new
secret before it is switched on again:

  rescind client disable billing
  rescind client rotate-secret billing
  rescind client rotate-secret billing --drop-old
  rescind client enable billing

Count first what would end, without ending anything:

  rescind revoke --client billing --dry-run

Each of them is done when the command returns: after that no server of the store
accepts the tokens again. Each may be repeated. A copy of the store that leaked
holds digests only, and no token can be made from it; look at who could have
written to it. See who used what, and whether an old refresh token came back:

  rescind stats --hours 48`},

	{"stores", "Where the data is: a file on this machine, or DynamoDB", `--store names it, or RESCIND_STORE in the environment. Without either it is
sqlite:.rescind/rescind.db, below the folder that the command is typed in.

A SQLite file serves one machine. Several processes may use it at once, and they
run as one user, whom the file and its folder belong to. The file has company
that must stay beside it: FILE-wal holds the latest writes, FILE-turn counts
them, FILE-shm is shared memory. FILE-audit.jsonl is the audit trail.

  rescind store create --store sqlite:/var/lib/rescind/rescind.db
  rescind serve --store sqlite:/var/lib/rescind/rescind.db --issuer https://auth.example.com

DynamoDB has two tables, PREFIX-tokens and PREFIX-principals. On AWS the template
makes them: PREFIX is the name of the stack. The region and the credentials are
those of the AWS command line (AWS_PROFILE, AWS_REGION). Beside the functions'
own rights the operator needs Scan and Query, and the Describe calls for doctor.

  rescind client list --store dynamodb:auth

A local engine is named by its URL in AWS_ENDPOINT_URL_DYNAMODB, and there this
makes the tables:

  rescind store create --store dynamodb:auth

Whether all is well with either, and with a server as the world sees it:

  rescind doctor --store sqlite:/var/lib/rescind/rescind.db
  rescind doctor --url https://auth.example.com`},

	{"clients", "Registering clients, their secrets, and changing both", `A service that has tokens of its own, and one that has no secret and acts for users:

  rescind client create --id billing --name "Billing" --scopes "read write"
  rescind client create --id app --name App --type public --redirect-uri com.example:/ --scopes read

Users come back to a redirect URI, and to no other address. A page whose scripts
call the endpoints themselves has its origin registered too:

  rescind client update app --allowed-origin https://app.example.com

Without --id the client gets an ID of 26 random characters, which create prints.
The secret is shown once, and only its digest is kept. It changes without a gap:
the first line makes a second secret and both work, the second ends the old one.

  rescind client rotate-secret billing
  rescind client rotate-secret billing --drop-old

What a client may do is changed one thing at a time; grants that were made keep
their scope and their lifetimes.

  rescind client update billing --access-token-lifetime 15m
  rescind client list
  rescind client show billing

Switching a client off ends all its grants for good, and switching it on again
brings none of them back. A deleted client's id is never given again.

  rescind client disable billing
  rescind client enable billing
  rescind client delete billing

Clients of another server move in from a file, with their ids and, where those
are hashed in a way that we can check, their secrets:

  rescind client import clients.json
  rescind client export`},

	{"users", "People: their accounts, passwords, and ending all that they have", `A built-in account is an email and a password, which is asked for at the terminal;
or it is read from standard input, or made and shown once:

  rescind user create ann@example.com
  rescind user create ben@example.com --generate

The server keeps passwords as argon2id and never logs an email. What tokens and
logs name a user by is the subject, usr_ and 32 digits, which says nothing of
the person; the list has both.

  rescind user list

Who left, or whose account somebody else has. Each ends all grants and sessions of
the user, and no server of the store accepts any of them once it has returned:

  rescind user disable ann@example.com
  rescind user set-password ann@example.com --generate
  rescind user delete ann@example.com

Everybody sees what they have let in, and can cut it, at the server's page
/o/authorized_tokens/.

Switched on again a user signs in anew; nothing that ended comes back. Who is
created with the email of a deleted user is somebody new, with a new subject.

  rescind user enable ann@example.com

People of an upstream OpenID provider get their account at the first sign-in and
have no password here. They are named by their subject. To end what they have and
leave the account as it is:

  rescind revoke --subject alice --reason "laptop stolen"

A restore ends again what was ended since the backup where the store that was in
place, or a journal, can be read: ` + "`rescind help backups`" + `. An account that was
changed since loses the password of then, and needs a new one.`},

	{"introspection", "Who may see which token", `A confidential client sees its own tokens: its access tokens, and as active its
refresh tokens. To everybody else a refresh token is {"active":false}.

An API that takes tokens of other clients is a resource server. It is registered
with the URL that tokens for it name as their audience, and sees every access
token with that audience:

  rescind client create --id my-api --name API --resource-server --audience https://api.example.com
  rescind client create --id app --name "App" --scopes read --audience https://api.example.com

A client that may have the scope "introspection" can call with an access token of
that scope instead of its secret, and sees what it would see with it:

  rescind client create --id gateway --name "Gateway" --scopes "introspection read"

Whatever the caller may not know is exactly {"active":false}, the same as for a
token that has ended or never was. An answer is true at the moment it is given:
do not keep it, or a revocation takes as long as you keep it. A cache in front
of the server is found by

  rescind doctor --url https://auth.example.com --client billing --secret -`},

	{"backups", "Backup, restore, and moving to another machine", `A backup of a SQLite file is made while the server runs. A copy by other programs
lacks what is only in the -wal file, and is refused.

  rescind backup /backup/rescind-2026-11-23.db

A restore brings back what was revoked since the backup. So it ends all grants
in it; the clients stay. Machine clients simply get new tokens, and users have
to grant again. Stop the server before.

  rescind restore /backup/rescind-2026-11-23.db

On AWS the tables have point-in-time recovery: docs/deploy.md tells the way. A
restored store answers 503 until it is accepted:

  rescind restore accept --store dynamodb:auth

A journal says what was ended since a time. Kept on another disk, it lets a
restore know which clients were disabled or deleted since the backup, and which
secrets were dropped, and end them again:

  rescind journal export --since 36h --out /backup/journal
  rescind restore /backup/rescind-2026-11-23.db --replay /backup/journal

To move to another machine stop the server, copy the file together with its -wal
and -turn, and accept the copy there. The audit trail outlives every restore: stats
reads it, and lists the latest changes of clients, so go through that list for
what was disabled or deleted since.

  rescind restore accept --store sqlite:/var/lib/rescind/rescind.db
  rescind stats --hours 168`},
}
