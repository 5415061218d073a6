// The program explicit prints template.yaml as a plain CloudFormation template
// in JSON, for an emulator of AWS that has no SAM transform:
//
//	go run ./internal/explicit [--param NAME=VALUE ...] [--code-bucket B] [--code-key-prefix K] [--omit TYPE ...] > out.json
//
// Parameters and conditions are resolved; see package sam for what is left out
// beside. The zip file of the function in functions/token is expected in the
// bucket as the key prefix and "token.zip".
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"rescind/internal/explicit/sam"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "explicit:", err)
		os.Exit(1)
	}
}

func run(args []string, w io.Writer) error {
	flags := flag.NewFlagSet("explicit", flag.ContinueOnError)
	file := flags.String("template", "template.yaml", "the template to read")
	code := sam.Code{}
	flags.StringVar(&code.Bucket, "code-bucket", "code", "the bucket of the functions' zip files")
	flags.StringVar(&code.KeyPrefix, "code-key-prefix", "", "what the zip files' keys begin with")
	parameters, omit := map[string]string{}, map[string]bool{}
	flags.Func("param", "a parameter, NAME=VALUE; may be repeated", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("it must be NAME=VALUE")
		}
		parameters[name] = value
		return nil
	})
	flags.Func("omit", "a type of resource to leave out, such as AWS::Logs::LogGroup, with what refers to it; may be repeated", func(s string) error {
		omit[s] = true
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no option", flags.Arg(0))
	}
	b, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	template, err := sam.Read(b)
	if err != nil {
		return fmt.Errorf("%s: %w", *file, err)
	}
	if template, err = sam.Resolve(template, parameters); err != nil {
		return err
	}
	if template, err = sam.Explicit(template, code); err != nil {
		return err
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(sam.Omit(template, omit))
}
