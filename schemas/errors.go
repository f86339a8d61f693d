package schemas

// Error types of activities. Every one is non-retryable unless said otherwise: trying again cannot help.
const (
	InvalidInput  = "InvalidInput"  // parameters or files that a person must change
	MissingModel  = "MissingModel"  // a model directory that is not there or not readable
	RejectBudget  = "RejectBudget"  // a crawl file with too many bad rows
	CorruptObject = "CorruptObject" // a stored object whose bytes are not its digest's
	NativeCrash   = "NativeCrash"   // the engine died twice on the same unit
	NotFinite     = "NotFinite"     // NaN or infinity in a loss, a gradient or a vector
	EngineError   = "EngineError"   // retryable: the engine ended or answered with an unclassified error
	DiskFull      = "DiskFull"      // retryable: no room where the error's path lies; what is published is whole
)

// NonRetryable lists the types for retry policies.
var NonRetryable = []string{InvalidInput, MissingModel, RejectBudget, CorruptObject, NativeCrash, NotFinite}
