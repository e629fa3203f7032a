package main

import (
	"runtime"

	"losscc/cmd/losscc/internal/compile"
	"losscc/onnxexport"

	"github.com/spf13/cobra"
)

// versioned is the JSON of version, and of --version.
type versioned struct {
	Schema       string `json:"schema"`
	Version      string `json:"version"`
	Go           string `json:"go"`
	DefaultOpset int    `json:"default_opset"`
	MinOpset     int    `json:"min_opset"`
	MaxOpset     int    `json:"max_opset"`
}

func versionOf() versioned {
	return versioned{"losscc.version/1", compile.Version, runtime.Version(), onnxexport.DefaultOpset, onnxexport.MinOpset, onnxexport.MaxOpset}
}

func newVersion(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what files it writes",
		Example: `  losscc version
  losscc version --json`,
		Args: nothing,
		RunE: func(*cobra.Command, []string) error {
			v := versionOf()
			if c.json {
				return c.emit(v)
			}
			c.printf("losscc %s (%s), writes opset %d unless asked for %d to %d\n",
				v.Version, v.Go, v.DefaultOpset, v.MinOpset, v.MaxOpset)
			return nil
		},
	}
}

// version answers --version: the version alone, or all as JSON.
func (c *console) version() error {
	if c.json {
		return c.emit(versionOf())
	}
	c.printf("losscc %s\n", compile.Version)
	return nil
}
