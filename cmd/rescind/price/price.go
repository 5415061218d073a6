package price

// What is assumed of a deployment: the template's memory, and times that
// cannot be measured without one.
const (
	MemoryGB      = 0.25 // the template's MemorySize, 256 MB
	OwnMillis     = 5    // of the function's own work, at the share of a core that this memory has
	StepMillis    = 5    // of each request to DynamoDB that waits for the one before
	PlatformBytes = 420  // of Lambda's two lines of a request in the log
	AccessBytes   = 280  // of API Gateway's line of a request in the access log
)

// What a month costs with the template's Monitoring, however many requests.
const (
	CustomMetrics = 52 // at most: one without data costs nothing
	AlarmMetrics  = 20 // that alarms look at
	Dashboards    = 1
)

// Operation is one request, and what it takes.
type Operation struct {
	Name     string
	Steps    int // requests to DynamoDB, one after the other
	Reads    int // read units
	Writes   int // write units, those of indexes among them
	LogBytes int // of the function's own lines at the level info with metrics, 26 a line for CloudWatch among them
}

// The operations: units and steps are those of shared/dynamo's tests, for items
// of up to 1 KB.
var (
	Issue         = Operation{"issue", 2, 1, 1, 1250}
	UserIssue     = Operation{"issue for a user", 2, 1, 3, 1300}
	Introspection = Operation{"introspection", 2, 4, 0, 770}
	Refresh       = Operation{"refresh", 3, 3, 1, 1300}
	Revocation    = Operation{"revocation", 2, 2, 1, 1320}
)

// Millis is how long the function runs for one request, in milliseconds.
func (o Operation) Millis() int { return OwnMillis + o.Steps*StepMillis }

// AllLogBytes is what one request writes into all logs.
func (o Operation) AllLogBytes() int { return o.LogBytes + PlatformBytes + AccessBytes }

// Volumes are how many requests there are of each operation.
type Volumes struct {
	Issues, UserIssues, Introspections, Refreshes, Revocations int64
}

// Line is what the requests of one operation cost, in US dollars.
type Line struct {
	Operation string  `json:"operation"`
	Requests  int64   `json:"requests"`
	Gateway   float64 `json:"gateway"`
	Lambda    float64 `json:"lambda"`
	DynamoDB  float64 `json:"dynamodb"`
	Logs      float64 `json:"logs"`
	Total     float64 `json:"total"`
}

// Cost is what n requests of an operation cost.
func (p Prices) Cost(o Operation, n int64) Line {
	millions := float64(n) / 1e6
	l := Line{
		Operation: o.Name, Requests: n,
		Gateway:  millions * p.APIRequests,
		Lambda:   millions * (p.LambdaRequests + float64(o.Millis())/1000*MemoryGB*p.GBSeconds),
		DynamoDB: millions * (float64(o.Reads)*p.ReadUnits + float64(o.Writes)*p.WriteUnits),
		Logs:     float64(n) * float64(o.AllLogBytes()) / 1e9 * p.LogGB,
	}
	l.Total = l.Gateway + l.Lambda + l.DynamoDB + l.Logs
	return l
}

// Bill is what volumes cost, in US dollars.
type Bill struct {
	Lines []Line  `json:"operations"` // of the volumes that are not zero
	Total float64 `json:"total"`
	// Monitoring is what a month costs more, at most, with alarms, a dashboard and metrics.
	Monitoring float64 `json:"monitoring_a_month"`
	// Beside is set where machines were issued tokens.
	Beside *Comparison `json:"cognito,omitempty"`
}

// Comparison is what tokens for machines cost here and at Amazon Cognito, in a
// month: as many as were asked for, within Cognito's first price.
type Comparison struct {
	Requests int64   `json:"token_requests"`
	Here     float64 `json:"here"`
	Cognito  float64 `json:"cognito"`
}

// Bill computes what volumes cost.
func (p Prices) Bill(v Volumes) Bill {
	b := Bill{Monitoring: CustomMetrics*p.Metric + AlarmMetrics*p.Alarm + Dashboards*p.Dashboard}
	for _, row := range []struct {
		o Operation
		n int64
	}{{Issue, v.Issues}, {UserIssue, v.UserIssues}, {Introspection, v.Introspections}, {Refresh, v.Refreshes}, {Revocation, v.Revocations}} {
		if row.n > 0 {
			l := p.Cost(row.o, row.n)
			b.Lines, b.Total = append(b.Lines, l), b.Total+l.Total
		}
	}
	if v.Issues > 0 {
		n := min(v.Issues, CognitoTier)
		b.Beside = &Comparison{n, p.Cost(Issue, n).Total, float64(n) / 1000 * p.CognitoTokens}
	}
	return b
}
