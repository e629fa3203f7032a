package main

import (
	"strings"

	"losscc/builders"

	"github.com/spf13/cobra"
)

// listed is the JSON of list.
type listed struct {
	Schema string       `json:"schema"`
	Losses []listedLoss `json:"losses"`
}

type listedLoss struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
	Family  string   `json:"family"`
	Title   string   `json:"title"`
	Paper   string   `json:"paper"`
}

func newList(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List every loss: its family, what it is, its paper",
		Example: `  losscc list
  losscc list --json | jq -r '.losses[] | select(.family == "margin") | .name'`,
		Args: nothing,
		RunE: func(*cobra.Command, []string) error {
			if c.json {
				return c.emit(listOf(builders.List()))
			}
			c.printList(builders.List())
			return nil
		},
	}
}

func listOf(losses []builders.Loss) listed {
	out := listed{Schema: "losscc.list/1", Losses: []listedLoss{}}
	for _, l := range losses {
		out.Losses = append(out.Losses, listedLoss{l.Name, orEmpty(l.Aliases), l.Family, l.Title, l.Paper})
	}
	return out
}

// orEmpty makes a list that JSON shows as [] and not as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// printList writes the losses family by family: a line each, the paper and
// other names below.
func (c *console) printList(losses []builders.Loss) {
	for i, family := range families(losses) {
		if i > 0 {
			c.printf("\n")
		}
		c.heading(family)
		wide := 0
		for _, l := range losses {
			if l.Family == family {
				wide = max(wide, len(l.Name))
			}
		}
		for _, l := range losses {
			if l.Family != family {
				continue
			}
			c.printf("  %-*s  %s\n", wide, l.Name, l.Title)
			about := l.Paper
			if len(l.Aliases) > 0 {
				about += ". Also called " + strings.Join(l.Aliases, ", ")
			}
			for _, line := range strings.Split(wrapped(about, "", 72), "\n") {
				c.printf("      %s\n", c.outStyle.faint(line))
			}
		}
	}
}

// families are the families of the losses, in order of first appearance.
func families(losses []builders.Loss) []string {
	var out []string
	seen := map[string]bool{}
	for _, l := range losses {
		if !seen[l.Family] {
			seen[l.Family] = true
			out = append(out, l.Family)
		}
	}
	return out
}
