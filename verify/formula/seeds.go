package formula

// seeds are the losses of the founding family, from softmax to A-Softmax.
var seeds = map[string]entry{}
