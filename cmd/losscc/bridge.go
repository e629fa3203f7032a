package main

import (
	"bytes"
	"strings"

	"losscc/builders"
	"losscc/cmd/losscc/internal/bridge"

	"github.com/spf13/cobra"
)

// bridged is the JSON of bridge.
type bridged struct {
	Schema string `json:"schema"`
	Bridge string `json:"bridge"`
	File   string `json:"file"`
	Bytes  int    `json:"bytes"`
	Lines  int    `json:"lines"`
}

func newBridge(c *console) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "bridge TOOL -o FILE",
		Short: "Write the module that loads files into another tool",
		Long: `Write the module that loads files into another tool. It is one source file, to
be copied next to your own. TOOL is ` + strings.Join(bridge.Names(), " or ") + `. -o - writes it to the
standard output.`,
		Example: `  losscc bridge pytorch -o losscc_torch.py
  losscc bridge javascript -o losscc.mjs
  losscc bridge pytorch -o - | less`,
		Args:      argument("one tool", "there is a bridge to "+strings.Join(bridge.Names(), ", ")),
		ValidArgs: bridge.Names(),
		RunE: func(_ *cobra.Command, args []string) error {
			m, ok := bridge.Find(args[0])
			switch {
			case !ok:
				return misuse("there is no bridge to %q; there is one to %s%s", args[0], strings.Join(bridge.Names(), ", "), builders.DidYouMean(args[0], bridge.Names()))
			case file == "":
				return misuse("bridge %s: want -o %s, the file to write", m.Name, m.File)
			case file == "-" && c.json:
				return misuse("-o - and --json both want the standard output; name a file, or leave --json out")
			}
			return c.bridge(m, file)
		},
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "`FILE` the file to write")
	return cmd
}

// bridge writes the module and says what it is.
func (c *console) bridge(m bridge.Module, file string) error {
	if file == "-" {
		c.out.Write(m.Text) // an error shows when it is flushed
		return nil
	}
	if err := writeWhole(file, m.Text); err != nil {
		return err
	}
	if c.json {
		return c.emit(bridged{"losscc.bridge/1", m.Name, file, len(m.Text), bytes.Count(m.Text, []byte("\n"))})
	}
	c.say("%s: %s, %s", file, m.Says, bytesText(int64(len(m.Text))))
	return nil
}
