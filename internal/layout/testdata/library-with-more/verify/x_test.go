package verify_test

import (
	_ "testing"

	_ "github.com/aws/aws-sdk-go-v2/aws"

	_ "rescind/verify"
)
