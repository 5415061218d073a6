// Package lambdahttp is planted.
package lambdahttp

import _ "rescind/shared/oauth"
