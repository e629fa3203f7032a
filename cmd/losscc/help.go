package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// help writes the help of a command: what it is, how it is called, what it
// knows.
func (c *console) help(cmd *cobra.Command) {
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	c.printf("%s\n\n", text)
	c.heading("Usage")
	if cmd.HasSubCommands() {
		c.printf("  %s COMMAND [flags]\n", cmd.CommandPath())
		c.subcommands(cmd)
	} else {
		c.printf("  %s\n", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	}
	if cmd.Example != "" {
		c.printf("\n")
		c.heading("Examples")
		c.printf("%s\n", cmd.Example)
	}
	c.printf("\n")
	c.heading("Flags")
	c.rows(flagLines(cmd))
	if !cmd.HasParent() {
		c.printf("\n")
		c.heading("Exit codes")
		c.rows(exitCodes)
		c.printf("\nlosscc COMMAND --help says more.\n")
	}
}

// newHelp is the command help COMMAND.
func newHelp(c *console) *cobra.Command {
	return &cobra.Command{
		Use:    "help [COMMAND]",
		Short:  "Say what a command does",
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			if len(args) == 0 {
				c.help(root)
				return nil
			}
			for _, sub := range root.Commands() {
				if sub.Name() == args[0] {
					c.help(sub)
					return nil
				}
			}
			return unknownCommand(root, args[0])
		},
	}
}

// exitCodes is what the help of the program says of them.
var exitCodes = [][]string{
	{"0", "done"},
	{"1", "a check failed, or two things differ"},
	{"2", "misuse: an unknown loss, parameter, flag or value"},
	{"3", "a bad input file"},
	{"4", "a runtime is missing or crashed"},
	{"5", "input or output failed"},
	{"70", "a mistake of losscc's own"},
}

func (c *console) subcommands(cmd *cobra.Command) {
	for _, g := range cmd.Groups() {
		c.printf("\n")
		c.heading(g.Title)
		var lines [][]string
		for _, sub := range cmd.Commands() {
			if sub.GroupID == g.ID && !sub.Hidden {
				// As wide as the longest, so that groups stand in line.
				name := sub.Name() + strings.Repeat(" ", max(0, 10-len(sub.Name())))
				lines = append(lines, []string{name, sub.Short})
			}
		}
		c.rows(lines)
	}
}

// flagLines are the flags of a command, its own in the order of their making.
func flagLines(cmd *cobra.Command) [][]string {
	var lines [][]string
	add := func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		what, usage := flagUsage(f)
		if what != "" {
			name += " " + what
		}
		for i, line := range strings.Split(usage, "\n") {
			if i > 0 {
				name = ""
			}
			lines = append(lines, []string{name, line})
		}
	}
	cmd.Flags().SortFlags = false
	cmd.LocalNonPersistentFlags().SortFlags = false
	own := cmd.LocalNonPersistentFlags()
	own.SortFlags = false
	own.VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			add(f)
		}
	})
	cmd.InheritedFlags().VisitAll(add)
	if !cmd.HasParent() {
		cmd.PersistentFlags().VisitAll(add)
	}
	return append(lines, []string{"-h, --help", "show this"})
}

// flagUsage is the name of a flag's value and what the flag is for. A usage
// that begins with the name in back quotes does not repeat it.
func flagUsage(f *pflag.Flag) (name, usage string) {
	name, usage = pflag.UnquoteUsage(f)
	if strings.HasPrefix(f.Usage, "`") {
		usage = strings.TrimPrefix(usage, name+" ")
	}
	return name, usage
}
