package builders

import (
	"fmt"

	"losscc/ir"
)

// Formula is a loss with its hyper-parameters: a struct whose fields are the
// paper's (see params.go), and the lines that make its value.
type Formula interface {
	// Build writes the loss into g: inputs, the value, further outputs.
	Build(g *Graph)
}

// Loss describes a loss: what people call it, where it is from, what it is.
type Loss struct {
	Name    string
	Aliases []string
	Family  string
	Title   string // one line for lists
	Formula string // the formula as text
	Paper   string // authors, title, venue, year
	// Notes are what a user should know: deviations, who differs, what is
	// held constant, what the value means.
	Notes []string
	// Reductions that the loss has; the first is the default.
	Reductions []string
	// Detached tells that the gradient semantics detached exists, Official
	// that the published implementation's own does.
	Detached, Official bool
	// New is the loss with the paper's defaults.
	New func() Formula
	// Presets are the defaults under an alias that has its own.
	Presets map[string]func() Formula
	// Advice gives warnings with numbers that a paper states, for the chosen
	// hyper-parameters.
	Advice func(f Formula) []string
	// Schedule is how a host moves the input lambda, if there is one.
	Schedule *Schedule
}

// Schedule is λ = max(Min, Base·(1 + Gamma·iteration)^(−Power)), iterations
// counted from 1.
type Schedule struct {
	Input                   string
	Base, Gamma, Power, Min float64
}

// String is the rule with its numbers.
func (s *Schedule) String() string {
	return fmt.Sprintf("%s = max(%g, %g·(1 + %g·iteration)^−%g)", s.Input, s.Min, s.Base, s.Gamma, s.Power)
}

// Families in the order of their printing.
const (
	SeedFamily   = "seed"
	MarginFamily = "margin"
	PairFamily   = "pairs"
	MinerFamily  = "miner"
)

// Reductions of a loss with a term for each row, of one without, and of one that is
// a mean of its own.
var (
	perRow   = []string{"mean", "sum", "none"}
	overall  = []string{"mean", "sum"}
	meanOnly = []string{"mean"}
)

// Roles of inputs: what a host does with them.
const (
	RoleEmbeddings = "embeddings" // from the network; has a gradient
	RoleParameter  = "parameter"  // trained with the network; has a gradient
	RoleLabels     = "labels"
	RoleIndex      = "index" // rows chosen by a miner
	RoleState      = "state" // fed back from NAME_next
	RoleSchedule   = "schedule"
	RoleNoise      = "noise"
	RoleData       = "data"
)

// Differentiable tells whether an input of that role has a gradient.
func Differentiable(role string) bool { return role == RoleEmbeddings || role == RoleParameter }

// Extents that losses name.
const (
	N ir.Dim = "N" // rows
	D ir.Dim = "D" // entries of an embedding
	C ir.Dim = "C" // classes
	K ir.Dim = "K" // sub-centres of a class
	T ir.Dim = "T" // pairs or triplets
)
