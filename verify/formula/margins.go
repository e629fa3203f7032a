package formula

// margins are the heads of the margin family.
var margins = map[string]entry{}
