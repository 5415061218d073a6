// Package grant is planted.
package grant

import _ "github.com/aws/aws-sdk-go-v2/aws"
