// Package bridge makes, from what is known of other tools, the files that
// carry a loss into them, and says which of them can read which loss.
package bridge
