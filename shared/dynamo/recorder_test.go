package dynamo

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// recorder stands in the SDK's middleware and notes each request: its operation,
// its capacity by DynamoDB's size rules, whether it read consistently, and what
// the engine itself reports.
type recorder struct {
	raw *dynamodb.Client // past the recorder, to see items before and after

	mu    sync.Mutex
	calls []call
	sent  int // HTTP requests, retries included
	lax   []string
}

type call struct {
	operation     string
	reads, writes int
	reported      float64
	bytes         int // of the largest item
}

func (r *recorder) client() *dynamodb.Client {
	return dynamodb.New(r.raw.Options(), func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			if err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("record", r.record), middleware.Before); err != nil {
				return err
			}
			return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("count", r.count), middleware.After)
		})
	})
}

func (r *recorder) count(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	r.mu.Lock()
	r.sent++
	r.mu.Unlock()
	return next.HandleDeserialize(ctx, in)
}

func (r *recorder) record(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, md middleware.Metadata, err error) {
	c := call{operation: strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", in.Parameters), "*dynamodb."), "Input")}
	var total []types.ConsumedCapacity
	consistent := true
	switch p := in.Parameters.(type) {
	case *dynamodb.GetItemInput:
		consistent = aws.ToBool(p.ConsistentRead)
		p.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
		if out, md, err = next.HandleInitialize(ctx, in); err == nil {
			o := out.Result.(*dynamodb.GetItemOutput)
			c.reads, c.bytes, total = readUnits(o.Item), sizeOf(o.Item), []types.ConsumedCapacity{*o.ConsumedCapacity}
		}
	case *dynamodb.BatchGetItemInput:
		asked := 0
		for _, part := range p.RequestItems {
			consistent = consistent && aws.ToBool(part.ConsistentRead)
			asked += len(part.Keys)
		}
		p.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
		if out, md, err = next.HandleInitialize(ctx, in); err == nil {
			o := out.Result.(*dynamodb.BatchGetItemOutput)
			for _, items := range o.Responses {
				for _, it := range items {
					c.reads += readUnits(it) - 1
					c.bytes = max(c.bytes, sizeOf(it))
				}
			}
			c.reads, total = c.reads+asked, o.ConsumedCapacity // a missing item costs one
		}
	case *dynamodb.PutItemInput:
		before := r.peek(ctx, *p.TableName, item{attrKey: p.Item[attrKey]})
		p.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
		out, md, err = next.HandleInitialize(ctx, in)
		c.writes, c.bytes = writeUnits(before, p.Item)+indexUnits(before, p.Item), sizeOf(p.Item)
		if o, ok := out.Result.(*dynamodb.PutItemOutput); ok && err == nil {
			total = []types.ConsumedCapacity{*o.ConsumedCapacity}
		}
	case *dynamodb.UpdateItemInput:
		before := r.peek(ctx, *p.TableName, p.Key)
		p.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
		out, md, err = next.HandleInitialize(ctx, in)
		after := r.peek(ctx, *p.TableName, p.Key)
		c.writes, c.bytes = writeUnits(before, after)+indexUnits(before, after), sizeOf(after)
		if o, ok := out.Result.(*dynamodb.UpdateItemOutput); ok && err == nil {
			total = []types.ConsumedCapacity{*o.ConsumedCapacity}
		}
	default: // Query and Scan decide nothing
		out, md, err = next.HandleInitialize(ctx, in)
	}
	for _, t := range total {
		c.reported += aws.ToFloat64(t.CapacityUnits)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
	if !consistent {
		r.lax = append(r.lax, c.operation)
	}
	return out, md, err
}

func (r *recorder) peek(ctx context.Context, table string, k item) item {
	out, err := r.raw.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: k, ConsistentRead: aws.Bool(true)})
	if err != nil {
		panic(err) // inside the SDK's stack there is no test to fail
	}
	return out.Item
}

// spent is what an operation cost.
type spent struct{ steps, reads, writes int }

func (c spent) String() string {
	return fmt.Sprintf("%d steps, %d RCU, %d WCU", c.steps, c.reads, c.writes)
}

// take gives what was recorded since the last take, and fails the test where a
// read was not consistent, or a step took more than one request.
func (r *recorder) take(t *testing.T, what string) (sum spent) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var each []string
	reported, largest := 0.0, 0
	for _, c := range r.calls {
		sum.steps, sum.reads, sum.writes = sum.steps+1, sum.reads+c.reads, sum.writes+c.writes
		reported, largest = reported+c.reported, max(largest, c.bytes)
		each = append(each, c.operation)
	}
	if r.sent != len(r.calls) {
		t.Errorf("%s: %d requests for %d steps", what, r.sent, len(r.calls))
	}
	if len(r.lax) > 0 {
		t.Errorf("%s: reads without consistency: %v", what, r.lax)
	}
	if units := float64(sum.reads + sum.writes); reported > units {
		t.Errorf("%s: the engine reports %.1f units, more than the %.0f computed", what, reported, units)
	}
	t.Logf("%-46s %s: %s; largest item %d bytes; the engine reports %.1f units", what, sum, strings.Join(each, ", "), largest, reported)
	r.calls, r.sent, r.lax = nil, 0, nil
	return sum
}
