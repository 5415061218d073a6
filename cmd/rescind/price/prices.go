package price

import (
	"fmt"
	"slices"
	"strings"
)

// AsOf is when the prices were AWS's list prices.
const AsOf = "July 2025"

// Prices are list prices in US dollars, without taxes, free tiers and
// discounts, those of each first tier.
type Prices struct {
	ReadUnits      float64 // a million read request units of an on-demand table
	WriteUnits     float64 // a million write request units of an on-demand table
	LambdaRequests float64 // a million
	GBSeconds      float64 // a million of Lambda's, on arm64
	APIRequests    float64 // a million requests to an HTTP API, of 512 KB at most
	LogGB          float64 // 10^9 bytes into CloudWatch Logs, 26 for each line among them
	Metric         float64 // a custom metric, a month
	Alarm          float64 // one metric of an alarm, a month
	Dashboard      float64 // a month
	CognitoTokens  float64 // a thousand token requests of machines to Amazon Cognito, up to CognitoTier a month
}

// CognitoTier is how many token requests a month Cognito's first price is for.
const CognitoTier = 250_000

// northAmerica is what the Regions of Regions have in common.
var northAmerica = Prices{
	ReadUnits: 0.125, WriteUnits: 0.625,
	LambdaRequests: 0.20, GBSeconds: 13.3334,
	APIRequests: 1.00,
	LogGB:       0.50, Metric: 0.30, Alarm: 0.10, Dashboard: 3.00,
	CognitoTokens: 2.25,
}

// Regions are those whose prices are known here. All have the same.
var Regions = []string{"us-east-1", "us-east-2", "us-west-2"}

// In gives the prices in a Region.
func In(region string) (Prices, error) {
	if !slices.Contains(Regions, region) {
		return Prices{}, fmt.Errorf("the prices of Region %q are not known here, only those of %s: take one of these, and see AWS's price list for how others differ",
			region, strings.Join(Regions, ", "))
	}
	return northAmerica, nil
}
