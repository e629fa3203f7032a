package builders

// Options that heads share, each with what a loss must be to have it. A loss
// that is not answers with that reason.
var shared = map[string]string{
	"label_smoothing": overClasses,
	"smoothing":       overClasses,
	"focal.gamma":     overClasses,
	"class_weights":   overClasses,
	"sub_centers":     "it is an option of cross-entropies of cosines, where the nearest of a class's centres can count",
	"easy_margin":     "it is an option of margins on the target that may apply only where its cosine is large enough",
	"beyond":          onAngle,
	"epsilon":         onAngle,
}

const (
	overClasses = "it is an option of losses that are a cross-entropy over classes"
	onAngle     = "it is an option of margins that are added to the target's angle"
)

// SharedOptions are the options that heads share, in the order of their
// printing.
func SharedOptions() []string {
	return []string{"label_smoothing", "smoothing", "focal.gamma", "class_weights", "sub_centers", "easy_margin", "beyond", "epsilon"}
}

// lacks tells why a loss has not got a shared option: ": " and the reason, or
// nothing if the name is no such option.
func lacks(name string) string {
	if reason := shared[name]; reason != "" {
		return ": " + reason
	}
	return ""
}
