package mart

// Outcomes of runs that do not publish.
const (
	Exported Outcome = "exported"
	Computed Outcome = "computed"
)
