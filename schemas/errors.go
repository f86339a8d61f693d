package schemas

// Error types of activities: the class of a failure. What becomes of each stands in Failures.
const (
	InvalidInput  = "InvalidInput"  // parameters or files that a person must change
	MissingModel  = "MissingModel"  // a model directory that is not there or not readable
	RejectBudget  = "RejectBudget"  // a crawl file with too many bad rows
	CorruptObject = "CorruptObject" // a stored object whose bytes are not its digest's, or a file that is broken
	NativeCrash   = "NativeCrash"   // the engine died twice on the same unit
	NotFinite     = "NotFinite"     // NaN or infinity in a loss, a gradient or a vector

	OutOfMemory     = "OutOfMemory"     // an allocation failed: the engine lives and says so
	KilledForMemory = "KilledForMemory" // the engine died for want of memory: by the kernel's OOM killer, or where no error can be answered
	LostRank        = "LostRank"        // a process of a training with several died or fell silent
	RanksDiffer     = "RanksDiffer"     // the processes of a training have come to different parameters
	LostDevice      = "LostDevice"      // the device, or its driver, does not answer any more
	Hang            = "Hang"            // no progress in time
	DiskFull        = "DiskFull"        // no room where the error's path lies; what is published is whole
	WorkerStops     = "WorkerStops"     // the worker was asked to stop; what it had under way is saved
	EngineError     = "EngineError"     // the engine was killed, ended, or answered with an error of no other class
)

// Failure is the rule of one class.
type Failure struct {
	Type  string
	Final bool    // trying again cannot help: a person must change something first
	Delay float64 // seconds until the next attempt; 0: as the retry policy of the stage says
	Next  string  // what the next attempt does otherwise, or what a person does
}

// atOnce is the shortest delay that Temporal tells from none.
const atOnce = 0.001

// Failures is the table of retries, the one place that says what becomes of a failed attempt. A run that is cancelled is no
// failure: a training saves a checkpoint and stops. An attempt that a rule tries again may still be the last one, when the
// stage's number of attempts is reached or its error says so (fault.Error.Final).
var Failures = []Failure{
	{Type: InvalidInput, Final: true, Next: "a person changes the parameter or file that the error names"},
	{Type: MissingModel, Final: true, Next: "a person puts the model where the error says"},
	{Type: RejectBudget, Final: true, Next: "a person mends the crawl, or raises ingest.reject_fraction"},
	{Type: CorruptObject, Final: true, Next: "a person removes the file that the error names; the next run makes it again"},
	{Type: NativeCrash, Final: true, Next: "a person looks at what the engine printed"},
	{Type: NotFinite, Final: true, Next: "a person lowers the rate or looks at the pairs that the error names; the last good checkpoint stays"},
	{Type: OutOfMemory, Next: "a training goes on from its last checkpoint with half the micro-batch, until that is 1; other stages wait for memory, longer each time"},
	{Type: KilledForMemory, Next: "as after OutOfMemory, in a new engine"},
	{Type: LostRank, Delay: atOnce, Next: "a training goes on from its last checkpoint with the ranks that are there"},
	{Type: RanksDiffer, Final: true, Next: "a person looks at the devices; the last checkpoint is good, and the next run goes on from it"},
	{Type: LostDevice, Delay: 30, Next: "a new engine, on this worker or another, goes on from the last checkpoint; drivers take a while to recover"},
	{Type: Hang, Delay: atOnce, Next: "a new engine goes on from the last checkpoint; the third hang in the same step of a training is the last"},
	{Type: DiskFull, Next: "it tries again until a person has made room"},
	{Type: WorkerStops, Delay: atOnce, Next: "another worker, or the next start of this one, goes on from the checkpoint"},
	{Type: EngineError, Next: "a new engine; the second crash of its own, or the tenth kill, without a step gained is a NativeCrash"},
}

// FailureOf is the rule of a class; of an unknown one: tried again as the stage's policy says.
func FailureOf(kind string) Failure {
	for _, f := range Failures {
		if f.Type == kind {
			return f
		}
	}
	return Failure{Type: kind}
}

// NonRetryable lists the types for retry policies.
var NonRetryable = func() (types []string) {
	for _, f := range Failures {
		if f.Final {
			types = append(types, f.Type)
		}
	}
	return types
}()
