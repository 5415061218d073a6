package main

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// spent is what an operation cost.
type spent struct {
	Requests int     `json:"requests"`
	Reads    float64 `json:"read_units"`
	Writes   float64 `json:"write_units"`
}

// recorder stands in the SDK's middleware, asks the engine for the capacity of
// each request and adds it up. Requests count on the wire, retries included.
type recorder struct {
	mu    sync.Mutex
	total spent
	// unknown is an operation whose capacity this recorder cannot read.
	unknown string
}

// attach puts the recorder into a client's options.
func (r *recorder) attach(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		if err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("capacity", r.capacity), middleware.Before); err != nil {
			return err
		}
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("wire", r.wire), middleware.After)
	})
}

func (r *recorder) wire(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	r.mu.Lock()
	r.total.Requests++
	r.mu.Unlock()
	return next.HandleDeserialize(ctx, in)
}

func (r *recorder) capacity(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	const total = types.ReturnConsumedCapacityTotal
	known := true
	switch p := in.Parameters.(type) {
	case *dynamodb.GetItemInput:
		p.ReturnConsumedCapacity = total
	case *dynamodb.BatchGetItemInput:
		p.ReturnConsumedCapacity = total
	case *dynamodb.QueryInput:
		p.ReturnConsumedCapacity = total
	case *dynamodb.PutItemInput:
		p.ReturnConsumedCapacity = total
	case *dynamodb.UpdateItemInput:
		p.ReturnConsumedCapacity = total
	default:
		known = false
	}
	out, md, err := next.HandleInitialize(ctx, in)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !known {
		r.unknown = strings.TrimPrefix(fmt.Sprintf("%T", in.Parameters), "*dynamodb.")
	}
	switch o := out.Result.(type) {
	case *dynamodb.GetItemOutput:
		r.total.Reads += units(o.ConsumedCapacity)
	case *dynamodb.QueryOutput:
		r.total.Reads += units(o.ConsumedCapacity)
	case *dynamodb.BatchGetItemOutput:
		for i := range o.ConsumedCapacity {
			r.total.Reads += units(&o.ConsumedCapacity[i])
		}
	case *dynamodb.PutItemOutput:
		r.total.Writes += units(o.ConsumedCapacity)
	case *dynamodb.UpdateItemOutput:
		r.total.Writes += units(o.ConsumedCapacity)
	}
	return out, md, err
}

func units(c *types.ConsumedCapacity) float64 {
	if c == nil {
		return 0
	}
	return aws.ToFloat64(c.CapacityUnits)
}

// take gives what was spent since the last take.
func (r *recorder) take() (spent, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.total
	r.total = spent{}
	if r.unknown != "" {
		return got, fmt.Errorf("a request of the kind %s was made, whose capacity is not counted; teach the recorder", r.unknown)
	}
	return got, nil
}
