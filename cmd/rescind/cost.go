package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"rescind/cmd/rescind/price"
)

// mostRequests bounds a volume: at a million a second for a year it is not reached.
const mostRequests = 100_000_000_000_000

type costFlags struct {
	volumes price.Volumes
	region  string
}

// costView is what is printed.
type costView struct {
	Region   string `json:"region"`
	AsOf     string `json:"prices_as_of"`
	Currency string `json:"currency"`
	price.Bill
}

func (a *app) costCommand() *cobra.Command {
	var f costFlags
	cmd := &cobra.Command{
		Use:   "cost",
		Short: "Compute what requests cost on AWS, by list prices",
		Long: fmt.Sprintf(`Compute what requests to the deployed service cost, in US dollars, by AWS's list
prices as of %s: without taxes, free tiers and discounts, to be checked against
AWS's own price list. It asks nobody and looks at no store.

Read and write units are what the tests count, the logs' bytes are measured, and
Lambda's time is assumed; docs/cost.md has the assumptions. Beside it stands what
a month of monitoring costs at most, and for tokens of machines what Amazon
Cognito asks for as many, within its first price.`, price.AsOf),
		Example: "  rescind cost --issues 1000000 --introspections 20000000 --revocations 1000",
		Args:    exactly(0, ""),
		RunE:    func(*cobra.Command, []string) error { return a.cost(f) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Int64Var(&f.volumes.Issues, "issues", 0, "`HOW MANY` tokens are issued to machines (client_credentials)")
	flags.Int64Var(&f.volumes.UserIssues, "user-issues", 0, "`HOW MANY` times a user's grant is made")
	flags.Int64Var(&f.volumes.Introspections, "introspections", 0, "`HOW MANY` tokens are introspected")
	flags.Int64Var(&f.volumes.Refreshes, "refreshes", 0, "`HOW MANY` times tokens are refreshed")
	flags.Int64Var(&f.volumes.Revocations, "revocations", 0, "`HOW MANY` tokens are revoked")
	flags.StringVar(&f.region, "region", price.Regions[0], "whose prices: "+strings.Join(price.Regions, ", "))
	return cmd
}

func (f costFlags) check() error {
	v := f.volumes
	for _, n := range []int64{v.Issues, v.UserIssues, v.Introspections, v.Refreshes, v.Revocations} {
		if n < 0 || n > mostRequests {
			return usagef("a volume must be from 0 to %d", int64(mostRequests))
		}
	}
	if v == (price.Volumes{}) {
		return usagef("name how many there are of something, such as --issues 1000000; see `rescind cost --help`")
	}
	return nil
}

func (a *app) cost(f costFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	prices, err := price.In(f.region)
	if err != nil {
		return usagef("%w (--region)", err)
	}
	v := costView{f.region, price.AsOf, "USD", prices.Bill(f.volumes)}
	return a.print(v, v.write)
}

func (v costView) write(w io.Writer) {
	digits := 2
	if v.Total < 1 {
		digits = 5
	}
	dollars := func(x float64) string { return fmt.Sprintf("%.*f", digits, x) }
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tREQUESTS\tGATEWAY\tLAMBDA\tDYNAMODB\tLOGS\tTOTAL\t")
	for _, l := range v.Lines {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", l.Operation, l.Requests,
			dollars(l.Gateway), dollars(l.Lambda), dollars(l.DynamoDB), dollars(l.Logs), dollars(l.Total))
	}
	fmt.Fprintf(t, "all\t\t\t\t\t\t%s\t\n", dollars(v.Total))
	t.Flush() // what w does not take, print says
	fmt.Fprintf(w, "\nUS dollars by AWS's list prices in %s, as of %s: check them. The template's Monitoring costs up to %.2f a month more.\n",
		v.Region, v.AsOf, v.Monitoring)
	if c := v.Beside; c != nil {
		fmt.Fprintf(w, "%d of these tokens for machines cost %s here. In a month they cost %.2f at Amazon Cognito.\n", c.Requests, dollars(c.Here), c.Cognito)
	}
}
