package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// page is a manual page in the making, in the macros of man(7).
type page struct{ strings.Builder }

func newPage(name, section, date string) *page {
	p := &page{}
	fmt.Fprintf(p, ".TH %s %s %q %q %q\n.nh\n.ad l\n", strings.ToUpper(escape(name)), section, date, "rescind "+version().Version, "rescind's manual")
	return p
}

// wholePage is one page with every command in it.
func wholePage(root *cobra.Command, date string) string {
	p := newPage(root.Name(), "1", date)
	p.name(root.Name(), root.Short)
	p.heading("SYNOPSIS")
	p.pre("rescind COMMAND [flags]\nrescind COMMAND --help\nrescind help topics")
	p.heading("DESCRIPTION")
	p.prose(root.Long)
	p.heading("FLAGS OF EVERY COMMAND")
	p.flags(root.PersistentFlags())
	p.heading("COMMANDS")
	eachCommand(root, func(cmd *cobra.Command) {
		if cmd == root {
			return
		}
		fmt.Fprintf(p, ".SS \"%s\"\n", escape(cmd.UseLine()))
		p.prose(describe(cmd))
		if cmd.LocalNonPersistentFlags().HasAvailableFlags() {
			p.flags(cmd.LocalNonPersistentFlags())
		}
		if cmd.Example != "" {
			p.prose("Examples:")
			p.pre(cmd.Example)
		}
	})
	p.heading("TOPICS")
	for _, t := range topics {
		fmt.Fprintf(p, ".SS \"%s\"\n", escape(t.name+": "+t.short))
		p.prose(t.text)
	}
	return p.String()
}

// commandPage is the page of one command.
func commandPage(cmd *cobra.Command, date string) string {
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	p := newPage(name, "1", date)
	p.name(name, cmd.Short)
	p.heading("SYNOPSIS")
	p.pre(cmd.UseLine())
	p.heading("DESCRIPTION")
	p.prose(describe(cmd))
	if flags := cmd.NonInheritedFlags(); flags.HasAvailableFlags() {
		p.heading("FLAGS")
		p.flags(flags)
	}
	if flags := cmd.InheritedFlags(); flags.HasAvailableFlags() {
		p.heading("FLAGS OF EVERY COMMAND")
		p.flags(flags)
	}
	if cmd.Example != "" {
		p.heading("EXAMPLES")
		p.pre(cmd.Example)
	}
	p.heading("SEE ALSO")
	var others []string
	if cmd.HasParent() {
		others = append(others, cmd.Parent().CommandPath())
	}
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			others = append(others, below.CommandPath())
		}
	}
	for i, other := range others {
		others[i] = strings.ReplaceAll(other, " ", "-") + "(1)"
	}
	p.prose(strings.Join(append(others, "rescind-topics(7)"), ", "))
	return p.String()
}

func topicsPage(date string) string {
	p := newPage("rescind-topics", "7", date)
	p.name("rescind-topics", "what people ask about rescind")
	for _, t := range topics {
		p.heading(strings.ToUpper(t.name))
		p.prose(t.short + ".")
		p.prose(t.text)
	}
	return p.String()
}

func describe(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return cmd.Short + "."
}

func (p *page) name(name, short string) {
	p.heading("NAME")
	fmt.Fprintf(p, "%s \\- %s\n", escape(name), escape(short))
}

func (p *page) heading(s string) { fmt.Fprintf(p, ".SH \"%s\"\n", escape(s)) }

// prose writes paragraphs. One with lines that begin with a space or a hyphen
// keeps its lines.
func (p *page) prose(text string) {
	for paragraph := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		switch paragraph = strings.Trim(paragraph, "\n"); {
		case paragraph == "":
		case strings.HasPrefix(paragraph, " ") || strings.HasPrefix(paragraph, "-") || strings.Contains(paragraph, "\n ") || strings.Contains(paragraph, "\n-"):
			p.pre(paragraph)
		default:
			fmt.Fprintf(p, ".PP\n%s\n", escape(paragraph))
		}
	}
}

// pre keeps the lines as they are.
func (p *page) pre(text string) {
	fmt.Fprintf(p, ".PP\n.nf\n%s\n.fi\n", escape(strings.Trim(text, "\n")))
}

func (p *page) flags(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		if value != "" {
			value = " \\fI" + escape(value) + "\\fR"
		}
		if d := f.DefValue; d != "" && d != "false" && d != "0" && d != "0s" && d != "[]" {
			usage += fmt.Sprintf(" (default %s)", d)
		}
		fmt.Fprintf(p, ".TP\n\\fB%s\\fR%s\n%s\n", escape("--"+f.Name), value, escape(usage))
	})
}

// escape keeps troff from reading text as anything but text.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", "\\`", `"`, `\(dq`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
