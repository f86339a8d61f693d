package schemas

// Version is that of the whole system, as CHANGELOG.md has it. A run goes on under a worker of the version that began it or of a later
// one: tests replay the histories of all versions.
const Version = "0.1.0"

// Names of the workflow types. Each takes ONE input object, RawParams; and the query that all answer.
const (
	PipelineWorkflow     = "Pipeline"     // RawParams -> PipelineResult: everything, crawl to report
	BuildDatasetWorkflow = "BuildDataset" // RawParams -> PipelineResult: crawl to exported data set
	TrainWorkflow        = "Train"        // RawParams -> PipelineResult: crawl to trained model
	RealignWorkflow      = "Realign"      // RawParams -> RealignResult: waiting crawls into a catalogue, one entry each
	CalibrateWorkflow    = "Calibrate"    // RawParams -> CalibrateResult: a rule at many thresholds, judged against known pairs
	TurnWorkflow         = "RealignTurn"  // of the run that works on a catalogue: what Realign begins, so that one does at a time
	ProgressQuery        = "progress"     // -> []StageProgress, in the order of the stages
)

// Search attributes of a run. The namespace must have them: `crosssum up` registers them in its own.
const (
	AttributeStage     = "CrossSumStage"     // Keyword: the stage at work
	AttributeLanguages = "CrossSumLanguages" // KeywordList
	AttributeDataset   = "CrossSumDataset"   // Keyword: digest of the data set's index
	AttributeModel     = "CrossSumModel"     // Keyword: digest of the trained model's index
)

// SearchAttributes gives the type of each attribute, as `temporal operator search-attribute create --type` spells it.
var SearchAttributes = []struct{ Name, Type string }{
	{AttributeStage, "Keyword"}, {AttributeLanguages, "KeywordList"},
	{AttributeDataset, "Keyword"}, {AttributeModel, "Keyword"},
}

// Policy is how long one activity may take and how often it is tried. Zero means: as in the table's defaults.
type Policy struct {
	HeartbeatSeconds       int     `json:"heartbeat_seconds" yaml:"heartbeat_seconds"`
	StartToCloseSeconds    int     `json:"start_to_close_seconds" yaml:"start_to_close_seconds"`
	ScheduleToCloseSeconds int     `json:"schedule_to_close_seconds" yaml:"schedule_to_close_seconds"`
	InitialSeconds         float64 `json:"retry_initial_seconds" yaml:"retry_initial_seconds"`
	BackoffCoefficient     float64 `json:"retry_backoff_coefficient" yaml:"retry_backoff_coefficient"`
	MaximumSeconds         float64 `json:"retry_maximum_seconds" yaml:"retry_maximum_seconds"`
	Attempts               int     `json:"attempts" yaml:"attempts"`
	Parallel               int     `json:"parallel" yaml:"parallel"` // work items of the stage in flight
	// A stage that counts steps hangs when one takes so many times the median step (and not sooner than 20 s); 0: it hangs
	// when its heart is silent.
	HangSteps float64 `json:"hang_steps,omitempty" yaml:"hang_steps"`
}

// FailedIn are the details of a run's failure that an activity is the reason of.
type FailedIn struct {
	Activity string `json:"failed_in"`
}

// SettingsInput asks for what a run needs to know of its worker's configuration.
type SettingsInput struct {
	Encoder    string `json:"encoder"`
	Summarizer string `json:"summarizer,omitempty"` // of a workflow that trains
}

// Settings are temporal.yaml's tables and the encoder's model card, as history keeps them.
type Settings struct {
	Policies map[string]Policy `json:"policies"` // by stage name, complete; "plan" for the look-ups, "scan"
	Queues   map[Queue]string  `json:"queues"`
	Card     EncoderCard       `json:"card"`
}

// EncoderCard is the calibration in an encoder's model card: YAML front matter of models/<name>/README.md.
type EncoderCard struct {
	Rule       string             `json:"rule" yaml:"rule"`
	Thresholds map[string]float64 `json:"thresholds" yaml:"thresholds"` // by rule
	Neighbours int                `json:"neighbours" yaml:"neighbours"`
	Duplicate  float64            `json:"duplicate_threshold" yaml:"duplicate_threshold"`
	Evidence   *EvidenceModel     `json:"evidence,omitempty" yaml:"evidence"`
}
