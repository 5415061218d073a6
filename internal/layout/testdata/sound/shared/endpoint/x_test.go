package endpoint_test

import (
	_ "github.com/aws/aws-sdk-go-v2/aws"
	_ "rescind/shared/dynamo"
)
