package main

import (
	"runtime"

	"losscc/cmd/losscc/internal/compile"
	"losscc/onnxexport"

	"github.com/spf13/cobra"
)

func newVersion(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what files it writes",
		Example: `  losscc version
  losscc version --json`,
		Args: nothing,
		RunE: func(*cobra.Command, []string) error {
			if c.json {
				return c.emit(struct {
					Schema       string `json:"schema"`
					Version      string `json:"version"`
					Go           string `json:"go"`
					DefaultOpset int    `json:"default_opset"`
					MinOpset     int    `json:"min_opset"`
					MaxOpset     int    `json:"max_opset"`
				}{"losscc.version/1", compile.Version, runtime.Version(), onnxexport.DefaultOpset, onnxexport.MinOpset, onnxexport.MaxOpset})
			}
			c.printf("losscc %s (%s), writes opset %d unless asked for %d to %d\n",
				compile.Version, runtime.Version(), onnxexport.DefaultOpset, onnxexport.MinOpset, onnxexport.MaxOpset)
			return nil
		},
	}
}
