// The seed command fills tables of a local DynamoDB with the sample clients
// and grants, so that the sample events can be sent with sam local:
//
//	go run ./events/seed --endpoint http://127.0.0.1:8001 --prefix rescind-sample
//	go run ./events/seed --print
//
// It makes the tables PREFIX-tokens and PREFIX-principals, which must not hold
// the samples yet, and refuses every endpoint that is not on this machine or
// its private network: the sample credentials are public.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/events/sample"
	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/shared/dynamo"
)

func main() {
	endpoint := flag.String("endpoint", "http://127.0.0.1:8001", "`URL` of a local DynamoDB")
	prefix := flag.String("prefix", "rescind-sample", "what the tables' names begin with")
	show := flag.Bool("print", false, "print the sample credentials and do nothing else")
	flag.Parse()
	if *show {
		list(os.Stdout)
		return
	}
	if err := seed(context.Background(), *endpoint, *prefix); err != nil {
		fmt.Fprintln(os.Stderr, "seed:", err)
		os.Exit(1)
	}
	fmt.Printf("the tables %[1]s-tokens and %[1]s-principals hold the samples\n", *prefix)
}

func seed(ctx context.Context, endpoint, prefix string) error {
	if err := dynamodblocal.CheckEndpoint(endpoint, false); err != nil {
		return err
	}
	client := dynamo.NewClient(aws.Config{
		Region:       dynamodblocal.Region,
		Credentials:  credentials.NewStaticCredentialsProvider(dynamodblocal.AccessKeyID, dynamodblocal.SecretAccessKey, ""),
		BaseEndpoint: aws.String(endpoint),
	}, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(endpoint) })
	tables := dynamo.Tables{Tokens: prefix + "-tokens", Principals: prefix + "-principals"}
	if err := dynamo.CreateTables(ctx, client, tables); err != nil {
		return err
	}
	return sample.Fill(ctx, dynamo.New(client, tables), time.Now())
}

// list writes the values that the events hold. They are no secrets.
func list(w io.Writer) {
	for _, id := range []string{sample.Confidential, sample.Other, sample.ResourceServer} {
		fmt.Fprintf(w, "client %-24s secret  %s\n", id, sample.Secret(id).Reveal())
	}
	fmt.Fprintf(w, "client %-24s public\n", sample.Public)
	fmt.Fprintf(w, "cookie %-24s %s\n", "rescind-session", sample.Session().Reveal())
	fmt.Fprintf(w, "cookie %-24s %s\n", "rescind-form", sample.Form().Reveal())
	names := make([]string, 0, len(sample.Grants))
	for name := range sample.Grants {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(w, "grant  %-24s %s, of %s\n", name, sample.GrantID(name), sample.Grants[name])
		fmt.Fprintf(w, "    access  %s\n    refresh %s\n    earlier %s\n",
			sample.Access(name).Text().Reveal(), sample.Refresh(name).Text().Reveal(), sample.Earlier(name).Text().Reveal())
		if used, ok := sample.Codes[name]; ok {
			fmt.Fprintf(w, "    code    %s, used: %t, verifier %s\n", sample.Code(name).Text().Reveal(), used, sample.Verifier)
		}
	}
}
