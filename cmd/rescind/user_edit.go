package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"rescind/shared/secret"
	"rescind/shared/user"
)

// passwordFlags say where a new password comes from: never from the command
// line, which the shell's history keeps and every user of the machine can see.
type passwordFlags struct{ stdin, generate bool }

const passwordHelp = `The password is asked for twice at the terminal and not shown; or it is read from
standard input with --password-stdin; or one is made with --generate, and shown
this once. It has 8 characters at least and 256 bytes at most, of any kind.`

func (f *passwordFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.stdin, "password-stdin", false, "read the password from standard input: all of it, but one last newline")
	flags.BoolVar(&f.generate, "generate", false, "make a password of 100 random bits, and show it this once")
}

// password gives the new one. It is read before anything is opened: whoever
// types it in holds nothing open meanwhile.
func (a *app) password(f passwordFlags) (text secret.Text, err error) {
	terminal, _ := a.stdin.(*os.File)
	atTerminal := terminal != nil && isTerminal(terminal)
	switch {
	case f.stdin && f.generate:
		return text, usagef("give --password-stdin or --generate, not both")
	case f.generate:
		return user.NewPassword(a.rules.Rand)
	case f.stdin && !atTerminal:
		b, err := io.ReadAll(io.LimitReader(a.stdin, longestSecret+1))
		if err != nil {
			return text, fmt.Errorf("reading the password from standard input: %w", err)
		}
		text = secret.NewText(string(bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))))
	case atTerminal:
		if text, err = a.typePassword(terminal); err != nil {
			return text, err
		}
	default:
		return text, usagef("there is no terminal to ask for the password: give it on standard input with --password-stdin, or have one made with --generate")
	}
	if err := user.CheckPassword("", text); err != nil {
		return text, usagef("%w", err)
	}
	return text, nil
}

// typePassword asks twice, since nobody sees what is typed.
func (a *app) typePassword(terminal *os.File) (secret.Text, error) {
	var typed [2]secret.Text
	for i, prompt := range []string{"New password (not shown): ", "The same again: "} {
		_, _ = fmt.Fprint(a.stderr, prompt)
		b, err := term.ReadPassword(int(terminal.Fd()))
		_, _ = fmt.Fprintln(a.stderr)
		if err != nil {
			return secret.Text{}, fmt.Errorf("reading the password from the terminal: %w", err)
		}
		typed[i] = secret.NewText(string(b))
	}
	if !typed[0].Equal(typed[1]) {
		return secret.Text{}, usagef("the two passwords differ; nothing was changed")
	}
	return typed[0], nil
}

func (a *app) userCreateCommand() *cobra.Command {
	var f passwordFlags
	cmd := &cobra.Command{
		Use:   "create EMAIL",
		Short: "Make a built-in account, with a password",
		Long: `Make a built-in account, with a password, which the server keeps as argon2id.
` + passwordHelp,
		Example: "  rescind user create ann@example.com\n  rescind user create ann@example.com --generate",
		Args:    exactly(1, "the user's email"),
	}
	f.register(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		email := args[0]
		if err := checkWord("the email", email, maxSubject); err != nil {
			return err
		}
		if _, err := user.KeyOfEmail(email); err != nil {
			return usagef("%w", err)
		}
		text, err := a.password(f)
		if err != nil {
			return err
		}
		return a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
			u, err := a.accounts(store).Create(ctx, email, text)
			subject := ""
			if u != nil {
				subject = u.Subject
			}
			a.recordUser(ctx, "user create", subject, "created", err)
			if err != nil {
				return err
			}
			return a.printPassword(viewUser(u), text, f, "The user was created.")
		})(cmd, args)
	}
	return cmd
}

func (a *app) userPasswordCommand() *cobra.Command {
	var f passwordFlags
	cmd := &cobra.Command{
		Use:   "set-password USER",
		Short: "Give a user a new password, which ends all their grants and sessions",
		Long: `Give a user of a built-in account a new password. All their grants and sessions
end: somebody else may have had the old one.
` + passwordHelp,
		Example: "  rescind user set-password ann@example.com --generate",
		Args:    exactly(1, userArgument),
	}
	f.register(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := a.password(f)
		if err != nil {
			return err
		}
		return a.withStore(func(ctx context.Context, store operatorStore, args []string) error {
			u, err := findUser(ctx, store, args[0])
			if err != nil {
				return err
			}
			err = a.accounts(store).SetPasswordOf(ctx, u.Key, text)
			a.recordUser(ctx, "user set-password", u.Subject, "ended_all_grants", err)
			if err != nil {
				return halfWay("nobody knows whether the password was changed", err)
			}
			return a.printPassword(viewChanged(ctx, store, u, u.State), text, f, fmt.Sprintf("User %s has a new password. All their grants and sessions until now have ended, with all tokens.", u.Subject))
		})(cmd, args)
	}
	return cmd
}

// printPassword prints the user, and the password if it was made here.
func (a *app) printPassword(v userView, text secret.Text, f passwordFlags, sentence string) error {
	if f.generate {
		v.Password = text.Reveal()
		sentence += " The password is shown this once."
	}
	return a.printUser(v, sentence)
}
