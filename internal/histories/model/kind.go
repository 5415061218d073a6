package model

// Kind is what an operation asks for.
type Kind uint8

// The kinds of operations.
const (
	Create          Kind = iota // a grant is born: by client_credentials, or by the operator for a user
	Issue                       // client_credentials that was refused; no grant
	Introspect                  // of one token
	Refresh                     // with a refresh token, current or earlier
	Revoke                      // of one token, at the endpoint
	RevokeGrant                 // by the operator, by grant id or token
	RevokeSubject               // by the operator
	RevokeClient                // by the operator
	Disable                     // by the operator
	Enable                      // by the operator
	RaiseGeneration             // by the operator: restore accept
	SignIn                      // with an email and a password
	Visit                       // of the page of what one has authorized
	SignOut                     // a button
	Ask                         // an authorization request that shows the consent page
	Allow                       // a button of that page; Done: a code
	Deny                        // the other button
	Remember                    // an authorization request that gives a code at once
	Redeem                      // of a code
	Cut                         // the button of one app
	CutAll                      // the button for all
	UserDisable                 // by the operator
	UserEnable                  // by the operator
	UserPassword                // by the operator: set-password
	UserDelete                  // by the operator
	authenticate                // part of a refusal, see History.of
	landed                      // part of a refusal, see History.of
	stood                       // part of a refusal, see spec.parts
	row                         // part of a command about a user, see History.account
	raise                       // the other part
)

var kindNames = [...]string{"create", "issue", "introspect", "refresh", "revoke", "revoke --grant", "revoke --subject", "revoke --client",
	"client disable", "client enable", "restore accept", "sign in", "visit", "sign out", "ask", "allow", "deny", "remember", "redeem", "cut", "cut all",
	"user disable", "user enable", "user set-password", "user delete", "authenticate", "landed", "consented for a while", "account's row", "subject's epoch"}

// String is for reports.
func (k Kind) String() string { return kindNames[k] }

// Outcome is what is known of an operation's answer.
type Outcome uint8

// The outcomes. Of what a browser asks, Active is a page for somebody who is
// signed in, and Inactive is the way to the sign-in page.
const (
	Unknown      Outcome = iota // no answer, or 503: it may have landed, may land later, or never
	Done                        // 200 of a token request or revocation, 303 of a button, exit status 0
	Active                      // introspection's
	Inactive                    // introspection's
	Refused                     // 400
	Unauthorized                // 401, or 429 after many of them; a client that is off may not ask for consent
)

var outcomeNames = [...]string{"unknown", "done", "active", "inactive", "refused", "unauthorized"}

// String is for reports.
func (o Outcome) String() string { return outcomeNames[o] }
