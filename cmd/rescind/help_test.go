package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commands gives every command, help itself left out.
func commands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, below := range cmd.Commands() {
		if below.Name() != "help" {
			all = append(all, commands(below)...)
		}
	}
	return all
}

func tree() []*cobra.Command {
	var out bytes.Buffer
	return commands(newApp(&out, &out, &out, noEnvironment).rootCommand())
}

func words(cmd *cobra.Command) []string { return strings.Fields(cmd.CommandPath())[1:] }

func TestHelpOfEveryCommandNamesEveryFlagAndCommand(t *testing.T) {
	all := tree()
	var names []string
	for _, cmd := range all {
		names = append(names, cmd.CommandPath())
	}
	for _, name := range []string{"serve", "backup", "restore", "restore accept", "journal export", "client import", "client export", "doctor", "stats", "completion", "man",
		"user create", "user list", "user disable", "user enable", "user delete", "user set-password"} {
		if !slices.Contains(names, "rescind "+name) {
			t.Errorf("there is no command %s", name)
		}
	}
	for _, cmd := range all {
		o := run(t, "", append(words(cmd), "--help")...)
		if o.status != exitOK || o.stderr != "" {
			t.Errorf("%s --help: exit status %d, %q", cmd.CommandPath(), o.status, o.stderr)
		}
		if cmd.Short == "" {
			t.Errorf("%s has no short help", cmd.CommandPath())
		}
		named := func(f *pflag.Flag) {
			expect(t, o.stdout, "--"+f.Name)
			if f.Usage == "" {
				t.Errorf("%s: --%s says nothing", cmd.CommandPath(), f.Name)
			}
		}
		cmd.LocalFlags().VisitAll(named)
		cmd.InheritedFlags().VisitAll(named)
		expect(t, o.stdout, "--json", "--store")
		for _, below := range cmd.Commands() {
			if below.Name() != "help" {
				expect(t, o.stdout, below.Name()+" ", below.Short)
			}
		}
	}
}

func TestHelpShowsNoTokenOnACommandLine(t *testing.T) {
	o := run(t, "", "revoke", "--help")
	expect(t, o.stdout, "rescind revoke --token - <")
	if strings.Contains(o.stdout, ours) {
		t.Error("the help shows a token")
	}
}

func TestWrongCommandLinesAreStatus2AndChangeNothing(t *testing.T) {
	w := newWorld(t)
	for line, sentence := range map[string]string{
		"":                                "name a command after rescind",
		"client":                          "name a command after rescind client",
		"clinet list":                     "did you mean client?",
		"client lst":                      `there is no command "rescind client lst"`,
		"client list --jsno":              "unknown flag: --jsno; see `rescind client list --help`",
		"client list extra":               "takes no argument",
		"client show":                     "takes one argument, the client's id",
		"client create":                   "--name is missing",
		"client create --name n --id é":   "printable ASCII",
		"client create --name n --type x": "type is none of",
		"client create --name n --scopes a --default-scopes b":                  "must be among the scopes",
		"client create --name n --grant-types password":                         "is not offered",
		"client create --name n --type public --grant-types client_credentials": "a public client cannot use client_credentials",
		"client create --name n --access-token-lifetime soon":                   "invalid argument",
		"client create --name n --access-token-lifetime 1ms":                    "must be between 1s",
		"client create --name n --audience api":                                 "not an absolute URI",
		"client create --name n --resource-server":                              "needs at least one audience",
		"client create --name n --auth-method none":                             "must authenticate",
		"client create --name n --refresh-rotation sometimes":                   "none of",
		"client create --name rsc_at_abc":                                       "looks like a token or secret",
		"client show rsc_cs_abc":                                                "looks like a token or secret",
		"client update c":                                                       "nothing to change was named",
		"grant create --subject s":                                              "--client is missing",
		"grant create --client c":                                               "--subject is missing",
		"grant create --client c --subject rsc_rt_x":                            "looks like a token or secret",
		"grant show x":                           "32 hexadecimal digits",
		"grant list":                             "--subject is missing",
		"revoke":                                 "name exactly one of",
		"revoke --token - --subject s":           "name exactly one of",
		"revoke --token rsc_at_abc":              "stays in the shell's history",
		"revoke --token -":                       "standard input holds no token",
		"revoke --grant 10":                      "32 hexadecimal digits",
		"revoke --client rsc_cs_x":               "looks like a token or secret",
		"revoke --subject s --reason rsc_rt_abc": "looks like a token or secret",
		"revoke --subject s --reason " + strings.Repeat("x", 201): "200 bytes at most",
		"revoke --subject s --reason \x1b[31m":                    "printable text",
		"serve --addr 8000":                                       "HOST:PORT",
		"serve --addr 127.0.0.1:99999":                            "HOST:PORT",
		"serve --issuer http://example.com":                       "https URL",
		"restore accept":                                          "--yes",
		"user":                                                    "name a command after rescind user",
		"user create":                                             "takes one argument, the user's email",
		"user create ann --generate":                              "one @",
		"user create ann@example.com":                             "--password-stdin, or have one made with --generate",
		"user create rsc_at_x@example.com --generate":             "looks like a token or secret",
		"user create ann@example.com --generate --password-stdin": "not both",
		"user disable":                                            "the user's email or subject",
		"user disable ann":                                        "neither an email nor a subject",
		"user enable a@b@c":                                       "one @",
		"user delete rsc_at_x":                                    "looks like a token or secret",
		"user set-password ann@example.com":                       "--password-stdin, or have one made with --generate",
		"help nosuch":                                             "`rescind help topics` the topics",
		"help client nosuch":                                      "there is no help for",
		"help lea":                                                "did you mean leak?",
		"help clinet":                                             "did you mean client?",
		"completion tcsh":                                         "bash, zsh, fish, powershell",
		"stats --hours 0":                                         "--hours must be",
		"stats --top -1":                                          "--top must be",
		"stats --watch --every 1ms":                               "--every must be",
		"doctor --client c":                                       "name the server's issuer",
		"doctor --url https://a.example --secret -":               "name the client",
		"doctor --url https://a.example --client c":               "RESCIND_CLIENT_SECRET",
		"doctor --url https://a.example --client c --secret open": "stays in the shell's history",
		"version now":                      "takes no argument",
		"rsc_at_abc":                       "[redacted]",
		"client list --store mysql:x":      "--store must be",
		"client list --store dynamodb:a/b": "--store must be",
		"client list --store sqlite:":      "--store must be",
	} {
		args := strings.Split(line, " ")
		if line == "" {
			args = nil
		} else if !slices.Contains(args, "--store") {
			args = w.args(args)
		}
		o := run(t, "", args...)
		if o.status != exitUsage {
			t.Errorf("%q: exit status %d, %s", line, o.status, o.stderr)
		}
		expect(t, o.sentence(), "rescind: ", sentence)
		if strings.Contains(o.stderr, `"msg":"audit"`) {
			t.Errorf("%q: a wrong command line is in the audit", line)
		}
	}
	if clients := w.json("client", "list", "--deleted")["clients"].([]any); len(clients) != 0 {
		t.Errorf("a wrong command line registered %v", clients)
	}
}

// A flag with an empty value cannot be told from one that is missing by the
// table above.
func TestEmptySubjectIsRefused(t *testing.T) {
	w := newWorld(t)
	if o := w.try("revoke", "--subject", ""); o.status != exitUsage {
		t.Errorf("exit status %d, %s", o.status, o.stderr)
	}
}

func TestErrorWithJSONIsOneObjectOnStderr(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{
		{"client", "show", "nobody", "--json"}, {"client", "lst", "--json"}, {"client", "list", "--nope", "--json"},
	} {
		o := w.try(args...)
		if sentence := text(t, object(t, o.sentence()), "error"); sentence == "" || o.status == exitOK {
			t.Errorf("%q: exit status %d, %q", args, o.status, sentence)
		}
	}
}

func TestVersion(t *testing.T) {
	expect(t, run(t, "", "version").stdout, "rescind ", "built with go1.")
	v := object(t, run(t, "", "version", "--json").stdout)
	expect(t, text(t, v, "go"), "go1.")
	if text(t, v, "version") == "" {
		t.Error("no version")
	}
}

func TestVersionAsAFlag(t *testing.T) {
	if flag, command := run(t, "", "--version").stdout, run(t, "", "version").stdout; flag != command || flag == "" {
		t.Errorf("--version says %q, version says %q", flag, command)
	}
	if text(t, object(t, run(t, "", "--version", "--json").stdout), "version") == "" {
		t.Error("no version")
	}
}

func TestUpdateShowsNoDefaultsOfCreate(t *testing.T) {
	create, update := run(t, "", "client", "create", "--help").stdout, run(t, "", "client", "update", "--help").stdout
	expect(t, create, `(default "always")`, `(default "grant")`, "created without")
	if strings.Contains(update, "(default \"") || strings.Contains(update, "created without") {
		t.Errorf("update shows defaults: %s", update)
	}
}
