package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"rescind/shared/dynamo"
)

// Tables examines the two tables of a DynamoDB store.
func Tables(ctx context.Context, api *dynamodb.Client, t dynamo.Tables) Report {
	var r Report
	local := isLocal(api)
	where := "DynamoDB in " + api.Options().Region
	if local {
		where = "a local engine at " + *api.Options().BaseEndpoint
	}
	for i, want := range dynamo.Schemas(t) {
		name := *want.TableName
		out, err := api.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
		if err != nil {
			if !r.refused("table "+name, where, err) {
				return r // the other table would not be reached either
			}
			continue
		}
		if i == 0 {
			r.serverClock(out)
		}
		r.table(name, where, out.Table, want)
		if want.GlobalSecondaryIndexes != nil {
			r.ttl(ctx, api, name)
		}
		r.safety(ctx, api, name, out.Table, local)
	}
	generation, err := dynamo.New(api, t).Generation(ctx)
	var copied *dynamo.CopyError
	switch {
	case errors.As(err, &copied):
		r.wrong("META", "if you mean to use it run `rescind restore accept` with this --store, which ends all grants in it; otherwise name the right tables",
			"table %s is a copy or a restore of %s: every endpoint answers 503", copied.Table, copied.Origin)
	case err != nil:
		r.refused("META", where, err)
	case generation == 0:
		r.ok("META", "both tables are this store's own; the generation was never raised")
	default:
		r.ok("META", "both tables are this store's own; generation %d (%s)", generation, milliseconds(generation))
	}
	return r
}

// isLocal tells a local engine from AWS, whose endpoints may be named too.
func isLocal(api *dynamodb.Client) bool {
	base := api.Options().BaseEndpoint
	if base == nil {
		return false
	}
	u, err := url.Parse(*base)
	return err != nil || !strings.Contains(u.Hostname(), ".amazonaws.com")
}

func (r *Report) serverClock(out *dynamodb.DescribeTableOutput) {
	theirs, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	ours, ok2 := awsmiddleware.GetResponseAt(out.ResultMetadata)
	if !ok || !ok2 || theirs.IsZero() {
		r.look("clock", "compare this machine's clock with another's", "the endpoint's answer has no date")
		return
	}
	r.clock("the endpoint's", ours.Sub(theirs).Truncate(time.Second))
}

func (r *Report) table(name, where string, got *types.TableDescription, want *dynamodb.CreateTableInput) {
	check := "table " + name
	if got.TableStatus != types.TableStatusActive && got.TableStatus != types.TableStatusUpdating {
		r.wrong(check, "wait, or look at it in the console", "its status is %s", got.TableStatus)
		return
	}
	key := ""
	for _, k := range got.KeySchema {
		key += aws.ToString(k.AttributeName) + " "
	}
	if len(got.KeySchema) != 1 || aws.ToString(got.KeySchema[0].AttributeName) != *want.KeySchema[0].AttributeName {
		r.wrong(check, "name the tables that the template made", "it is another program's table: its key is %s", strings.TrimSpace(key))
		return
	}
	r.ok(check, "active, in %s", where)
	mode := types.BillingModeProvisioned // what a table says nothing of
	if got.BillingModeSummary != nil {
		mode = got.BillingModeSummary.BillingMode
	}
	if mode == types.BillingModePayPerRequest {
		r.ok("billing of "+name, "on demand")
	} else {
		r.look("billing of "+name, "see that its capacity scales, or switch it to on demand as the template has it", "provisioned: throttled requests are answered 503")
	}
	for _, index := range want.GlobalSecondaryIndexes {
		r.index(name, got, *index.IndexName)
	}
}

func (r *Report) index(table string, got *types.TableDescription, name string) {
	check := "index " + name
	for _, have := range got.GlobalSecondaryIndexes {
		if aws.ToString(have.IndexName) != name {
			continue
		}
		if have.IndexStatus != types.IndexStatusActive {
			r.look(check, "wait until it is active: until then `rescind grant list` misses grants; revoking does not need it", "its status is %s", have.IndexStatus)
			return
		}
		r.ok(check, "active")
		return
	}
	r.wrong(check, "deploy the template again, which adds it; until then `rescind grant list` cannot work; revoking does not need it", "table %s does not have it", table)
}

func (r *Report) ttl(ctx context.Context, api *dynamodb.Client, name string) {
	out, err := api.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(name)})
	if err != nil {
		r.refused("TTL", name, err)
		return
	}
	d := out.TimeToLiveDescription
	on := d != nil && (d.TimeToLiveStatus == types.TimeToLiveStatusEnabled || d.TimeToLiveStatus == types.TimeToLiveStatusEnabling)
	switch {
	case !on:
		r.wrong("TTL", "switch it on for the attribute "+dynamo.TTLAttribute+", as the template does", "off for table %s: expired grants stay for ever, and cost", name)
	case aws.ToString(d.AttributeName) != dynamo.TTLAttribute:
		r.wrong("TTL", "switch it to the attribute "+dynamo.TTLAttribute, "on for the attribute %s of table %s, which is not ours", aws.ToString(d.AttributeName), name)
	default:
		r.ok("TTL", "on for %s", dynamo.TTLAttribute)
	}
}

// safety examines what keeps a table from getting lost. A local engine has
// none of it.
func (r *Report) safety(ctx context.Context, api *dynamodb.Client, name string, got *types.TableDescription, local bool) {
	check := "safety of " + name
	if local {
		r.ok(check, "a local engine has neither point-in-time recovery nor deletion protection")
		return
	}
	well := true
	if !aws.ToBool(got.DeletionProtectionEnabled) {
		well = false
		r.look(check, "switch it on, as the template does: a table that is gone is every revocation forgotten", "deletion protection is off")
	}
	out, err := api.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: aws.String(name)})
	if err != nil {
		r.refused(check, name, err)
		return
	}
	d := out.ContinuousBackupsDescription
	if d == nil || d.PointInTimeRecoveryDescription == nil || d.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusEnabled {
		well = false
		r.look(check, "switch it on, as the template does", "point-in-time recovery is off")
	}
	if well {
		r.ok(check, "deletion protection and point-in-time recovery are on")
	}
}

// refused puts an error of AWS into words. reached tells whether it was the
// service that spoke, and of this one thing.
func (r *Report) refused(check, where string, err error) (reached bool) {
	var answer smithy.APIError
	var missing *types.ResourceNotFoundException
	var dns *net.DNSError
	var opErr *net.OpError
	switch {
	case errors.As(err, &missing):
		r.wrong(check, "see that --store, AWS_REGION and the account are the right ones; then deploy the template, or make the tables of a local engine with `rescind store create`",
			"there is no such table in %s", where)
		return true
	case errors.As(err, &answer):
		return r.said(check, answer)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		r.wrong(check, "run it again, and see to the network", "no answer in time from %s", where)
	case errors.As(err, &dns), errors.As(err, &opErr):
		r.wrong(check, "see to AWS_REGION, AWS_ENDPOINT_URL_DYNAMODB, the proxy and the network; start the engine if it is a local one", "%s cannot be reached: %v", where, lastOf(err))
	default:
		r.wrong(check, "see what the sentence says", "%v", lastOf(err))
	}
	return false
}

// said are the service's own words for a request that it did not like.
func (r *Report) said(check string, answer smithy.APIError) (reached bool) {
	switch code := answer.ErrorCode(); code {
	case "UnrecognizedClientException", "InvalidSignatureException", "InvalidAccessKeyId", "SignatureDoesNotMatch", "MissingAuthenticationToken", "MissingAuthenticationTokenException":
		r.wrong(check, "see to AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; a clock that is minutes off has the same effect", "AWS does not know these credentials (%s)", code)
	case "ExpiredTokenException", "ExpiredToken", "RequestExpired":
		r.wrong(check, "log in again (aws sso login, or aws login)", "the AWS credentials have expired (%s)", code)
	case "AccessDeniedException", "AccessDenied":
		r.wrong(check, "give this user the Describe rights, GetItem and BatchGetItem on both tables, or use another profile", "AWS does not let these credentials do that (%s)", code)
		return true
	default:
		r.wrong(check, "see what the service says", "%s: %s", code, answer.ErrorMessage())
		return true
	}
	return false
}

// lastOf is the innermost error, without the page of wrapping around it.
func lastOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return fmt.Errorf("%s", strings.Join(strings.Fields(err.Error()), " "))
		}
		err = inner
	}
}
