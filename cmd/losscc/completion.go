package main

import (
	"io"
	"strings"

	"losscc/builders"

	"github.com/spf13/cobra"
)

// shells are the shells that completion scripts are written for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "Print a script that completes commands, losses and parameters",
		Long: `Print a script for a shell that completes commands, flags, the names of
losses, and the parameters of the loss at hand after --set.`,
		Example: `  source <(losscc completion bash)
  losscc completion zsh > "${fpath[1]}/_losscc"
  losscc completion fish > ~/.config/fish/completions/losscc.fish`,
		ValidArgs: shells,
		Args:      argument("one shell", "there are "+strings.Join(shells, ", ")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !c.json {
				return writeCompletion(c.out, cmd.Root(), args[0])
			}
			var script strings.Builder
			if err := writeCompletion(&script, cmd.Root(), args[0]); err != nil {
				return err
			}
			return c.emit(completion{"losscc.completion/1", args[0], script.String()})
		},
	}
}

// completion is the JSON of completion.
type completion struct {
	Schema string `json:"schema"`
	Shell  string `json:"shell"`
	Script string `json:"script"`
}

// writeCompletion writes the script for a shell.
func writeCompletion(w io.Writer, root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(w, true)
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w)
	}
	return misuse("no script is written for %q, want one of %s%s", shell, strings.Join(shells, ", "), builders.DidYouMean(shell, shells))
}

// completeLoss offers the names of losses as the first argument.
func completeLoss(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, l := range builders.List() {
		out = append(out, l.Name+"\t"+l.Title)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeFile offers ONNX files as the first argument.
func completeFile(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"onnx"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeSet offers the parameters of the losses named, and their values
// after =.
func completeSet(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	terms, err := builders.ParseSum(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	name, _, valued := strings.Cut(word, "=")
	var out []string
	for _, t := range terms {
		prefix := ""
		if len(terms) > 1 {
			prefix = t.Name + "."
		}
		for _, p := range t.Loss.Params() {
			full := prefix + p.Name
			if !valued {
				out = append(out, full+"=\t"+p.Doc)
			} else if full == name {
				for _, v := range valuesOf(p) {
					out = append(out, full+"="+v)
				}
			}
		}
	}
	if valued {
		return out, cobra.ShellCompDirectiveNoFileComp
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// oneOf offers the given words as the value of a flag.
func oneOf(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// valuesOf are the values of a parameter that has few of them.
func valuesOf(p builders.Param) []string {
	if p.Kind == "bool" {
		return []string{"true", "false"}
	}
	return p.Enum
}
