package doctor_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/cmd/rescind/doctor"
	"rescind/internal/testkit/engine"
	"rescind/shared/dynamo"
)

func TestMain(m *testing.M) { os.Exit(engine.Main(m)) }

// api is a client of the endpoint; on AWS where its name is one of AWS's.
func api(endpoint string, transport http.RoundTripper) *dynamodb.Client {
	cfg := aws.Config{Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("id", "key", ""), BaseEndpoint: aws.String(endpoint)}
	if transport != nil {
		cfg.HTTPClient = &http.Client{Transport: transport}
	}
	return dynamo.NewClient(cfg, func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
}

// table describes a tokens table as AWS does; principals are the same
// without indexes.
const table = `{"Table":{"TableName":"%s","TableStatus":"ACTIVE","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
	"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},"DeletionProtectionEnabled":true,
	"GlobalSecondaryIndexes":[{"IndexName":"by_subject","IndexStatus":"ACTIVE"},{"IndexName":"by_client","IndexStatus":"ACTIVE"}]}}`

var sound = map[string]string{
	"DescribeTable":             table,
	"DescribeTimeToLive":        `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"expires_at"}}`,
	"DescribeContinuousBackups": `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}}`,
	"BatchGetItem":              `{"Responses":{"x-tokens":[{"pk":{"S":"META"},"name":{"S":"x-tokens"},"gen":{"N":"7"}}],"x-principals":[{"pk":{"S":"META"},"name":{"S":"x-principals"},"gen":{"N":"7"}}]},"UnprocessedKeys":{}}`,
}

// fakeAWS answers as DynamoDB does, with what is said differently, for tables with
// the prefix x; ahead is how far its clock is.
type fakeAWS struct {
	said  map[string]string
	ahead time.Duration
	err   error
}

func (f fakeAWS) RoundTrip(r *http.Request) (*http.Response, error) {
	if f.err != nil {
		return nil, f.err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a := httptest.NewRecorder()
	text, ok := f.said[operation]
	if !ok {
		text = sound[operation]
	}
	if operation == "DescribeTable" && strings.Contains(text, "%s") {
		name := "x-tokens"
		if strings.Contains(string(body), "x-principals") {
			name = "x-principals"
		}
		text = fmt.Sprintf(text, name)
	}
	a.Header().Set("Date", time.Now().Add(f.ahead).UTC().Format(http.TimeFormat))
	a.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if code, is := strings.CutPrefix(text, "error "); is {
		a.WriteHeader(http.StatusBadRequest)
		text = `{"__type":"com.amazonaws.dynamodb.v20120810#` + code + `","message":"no"}`
	}
	_, _ = io.WriteString(a, text)
	return a.Result(), nil
}

var names = dynamo.Tables{Tokens: "x-tokens", Principals: "x-principals"}

const amazon = "https://dynamodb.eu-central-1.amazonaws.com"

func TestSoundTablesOnAWSAreAllWell(t *testing.T) {
	r := doctor.Tables(t.Context(), api(amazon, fakeAWS{}), names)
	for _, f := range r {
		if f.Verdict != doctor.OK {
			t.Errorf("%+v", f)
		}
	}
	for _, check := range []string{"clock", "table x-tokens", "billing of x-tokens", "index by_subject", "index by_client", "TTL", "safety of x-tokens", "table x-principals", "safety of x-principals", "META"} {
		expect(t, r, doctor.OK, check, "")
	}
}

func TestEachFaultOfTheTablesHasItsSentence(t *testing.T) {
	wrong, look := doctor.Wrong, doctor.Look
	said := func(operation, text string) fakeAWS { return fakeAWS{said: map[string]string{operation: text}} }
	for name, c := range map[string]struct {
		aws             fakeAWS
		verdict         doctor.Verdict
		check, sentence string
	}{
		"no table":        {said("DescribeTable", "error ResourceNotFoundException"), wrong, "table x-tokens", "there is no such table"},
		"no rights":       {said("DescribeTable", "error AccessDeniedException"), wrong, "table x-tokens", "does not let these credentials"},
		"unknown key":     {said("DescribeTable", "error UnrecognizedClientException"), wrong, "table x-tokens", "does not know these credentials"},
		"expired":         {said("DescribeTable", "error ExpiredTokenException"), wrong, "table x-tokens", "have expired"},
		"being made":      {said("DescribeTable", strings.Replace(table, `"ACTIVE","Key`, `"CREATING","Key`, 1)), wrong, "table x-tokens", "CREATING"},
		"another's":       {said("DescribeTable", strings.Replace(table, `"pk"`, `"id"`, 1)), wrong, "table x-tokens", "another program's"},
		"provisioned":     {said("DescribeTable", strings.Replace(table, "PAY_PER_REQUEST", "PROVISIONED", 1)), look, "billing of x-tokens", "provisioned"},
		"no index":        {said("DescribeTable", strings.Replace(table, "by_client", "other", 1)), wrong, "index by_client", "does not have it"},
		"index made":      {said("DescribeTable", strings.Replace(table, `"IndexStatus":"ACTIVE"`, `"IndexStatus":"CREATING"`, 1)), look, "index by_subject", "CREATING"},
		"unprotected":     {said("DescribeTable", strings.Replace(table, `Enabled":true`, `Enabled":false`, 1)), look, "safety of x-tokens", "deletion protection is off"},
		"no TTL":          {said("DescribeTimeToLive", `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`), wrong, "TTL", "off for table"},
		"other TTL":       {said("DescribeTimeToLive", strings.Replace(sound["DescribeTimeToLive"], "expires_at", "ttl", 1)), wrong, "TTL", "on for the attribute ttl"},
		"TTL untold":      {said("DescribeTimeToLive", "error AccessDeniedException"), wrong, "TTL", "does not let"},
		"no recovery":     {said("DescribeContinuousBackups", strings.ReplaceAll(sound["DescribeContinuousBackups"], `RecoveryStatus":"ENABLED`, `RecoveryStatus":"DISABLED`)), look, "safety of x-principals", "point-in-time recovery is off"},
		"a restore":       {said("BatchGetItem", strings.ReplaceAll(sound["BatchGetItem"], `{"S":"x-principals"}`, `{"S":"y-principals"}`)), wrong, "META", "is a copy or a restore of y-principals"},
		"clock":           {fakeAWS{ahead: -2 * time.Minute}, wrong, "clock", "ahead of the endpoint's"},
		"clock, a little": {fakeAWS{ahead: 10 * time.Second}, look, "clock", "behind the endpoint's"},
		"no network":      {fakeAWS{err: errors.New("no route to host")}, wrong, "table x-tokens", "no route to host"},
	} {
		t.Run(name, func(t *testing.T) {
			r := doctor.Tables(t.Context(), api(amazon, c.aws), names)
			expect(t, r, c.verdict, c.check, c.sentence)
			if r.Wrong() != (c.verdict == wrong) {
				t.Errorf("wrong is %v: %v", r.Wrong(), r)
			}
		})
	}
}

func TestAnEndpointThatIsNotThereIsFoundOnce(t *testing.T) {
	r := doctor.Tables(t.Context(), api("http://127.0.0.1:1", nil), names)
	expect(t, r, doctor.Wrong, "table x-tokens", "a local engine at http://127.0.0.1:1 cannot be reached: connection refused")
	if len(r) != 1 {
		t.Errorf("%v", r)
	}
}

// A real engine, with tables as `rescind store create` makes them.
func TestTablesOfARealEngine(t *testing.T) {
	endpoint, ok := engine.DynamoDB(t)
	if !ok {
		t.Skip("no DynamoDB engine here")
	}
	c := engine.Client(t, endpoint)
	own := dynamo.Tables{Tokens: fmt.Sprint("doctor", time.Now().UnixNano(), "-tokens"), Principals: fmt.Sprint("doctor", time.Now().UnixNano(), "-principals")}
	must(t, dynamo.CreateTables(t.Context(), c, own))
	r := doctor.Tables(t.Context(), c, own)
	for _, f := range r {
		if f.Verdict == doctor.Wrong || f.Verdict == doctor.Look && f.Check != "clock" {
			t.Errorf("%+v", f)
		}
	}
	expect(t, r, doctor.OK, "safety of "+own.Tokens, "a local engine has neither")
	expect(t, r, doctor.OK, "TTL", "on for expires_at")
	expect(t, r, doctor.OK, "index by_client", "active")
	if _, err := c.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String(own.Principals)}); err != nil {
		t.Fatal(err)
	}
	var missing *types.ResourceNotFoundException
	if _, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(own.Principals)}); !errors.As(err, &missing) {
		t.Fatalf("the table is still there: %v", err)
	}
	r = doctor.Tables(t.Context(), c, own)
	expect(t, r, doctor.Wrong, "table "+own.Principals, "there is no such table")
	expect(t, r, doctor.OK, "TTL", "on for expires_at")
}
