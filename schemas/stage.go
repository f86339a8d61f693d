// Package schemas holds every type that crosses a process or a file: stage handles, workflow and activity inputs and
// outputs, Arrow schemas, error types and the table of languages. It imports nothing of this project.
package schemas

import (
	"encoding/json"
	"path"
	"slices"
)

// A Stage is the typed handle of one pipeline stage. Each stage is two activities: "<name>.plan" takes In and returns
// Planned (which units are published already, which are missing); "<name>" takes Work[In] and computes some units.
type Stage[In any] struct{ About }

// PlanName and Name are the two activity types of the stage.
func (s Stage[In]) PlanName() string { return s.Name + ".plan" }

// Of is the stage among those that a run has sealed; the zero Ref if it did not run.
func (s Stage[In]) Of(made Refs) Ref { return made[s.Name] }

// An Activity is the typed handle of one that is no stage: it computes nothing that is published by key.
type Activity[In, Out any] struct{ About }

// About is what there is to know of a stage or an activity beside its types. Whoever lists stages reads Registry.
type About struct {
	Name      string   // activity type, folder name under stages/, and label of the progress bar
	Version   int      // of a stage: raised whenever the same inputs should give other bytes; part of every key
	Queue     Queue    // the task queue that computes units
	Unit      string   // what one unit is called in progress output: "language", "pair", "run"
	Policy    string   // the row of temporal.yaml's table of stages that it goes by; a stage's look-up goes by PlanPolicy
	Workflows []string // whose stage tables show it

	Folder  string   // of a run's folder, which shows people the files of the units; "": none does
	From    string   // the stage whose counts say what goes in,
	In, Out []string // which of them; and the stage's own counts that say what comes out, in the order in which they are shown

	Files []Published // all that its units may have
}

// Published is a file of a unit, with what it holds of articles: whoever takes an article down must know.
type Published struct {
	Name  string // a pattern of path.Match
	Holds Holding
}

// Holding is what stands in a file.
type Holding string

// The holdings: figures and models (of which trained_on.arrow tells), names of articles, or their words.
const (
	Nothing Holding = "nothing"
	IDs     Holding = "ids"
	Texts   Holding = "texts"
)

// Holds says what a file of the stage holds; false for one that it is not known to publish.
func (a About) Holds(file string) (Holding, bool) {
	for _, f := range a.Files {
		if matches, err := path.Match(f.Name, file); err == nil && matches {
			return f.Holds, true
		}
	}
	return "", false
}

// Most is the most that any file of the stage holds.
func (a About) Most() Holding {
	most := Nothing
	for _, f := range a.Files {
		if f.Holds == Texts || most == Nothing {
			most = f.Holds
		}
	}
	return most
}

// PlanPolicy is the row of temporal.yaml for whatever looks up, adds an entry or lays out; ScanPolicy for what reads whole crawls.
const (
	PlanPolicy = "plan"
	ScanPolicy = "scan"
)

// Registry has every stage and every activity, in the order the data takes.
var Registry []About

func stage[In any](about About) Stage[In] {
	about.Policy = about.Name
	Registry = append(Registry, about)
	return Stage[In]{about}
}

func activity[In, Out any](about About) Activity[In, Out] {
	about.Queue = QueueMain
	Registry = append(Registry, about)
	return Activity[In, Out]{about}
}

// RowsOf are the stages of a workflow in order, as its stage table shows them.
func RowsOf(workflow string) (rows []About) {
	for _, a := range Registry {
		if slices.Contains(a.Workflows, workflow) {
			rows = append(rows, a)
		}
	}
	return rows
}

// AboutStage finds a stage by name; the zero About where there is none.
func AboutStage(name string) About {
	for _, a := range Registry {
		if a.Name == name {
			return a
		}
	}
	return About{}
}

// Policies are the rows that temporal.yaml's table of stages may have.
func Policies() []string {
	names := []string{PlanPolicy, ScanPolicy}
	for _, a := range Registry {
		if !slices.Contains(names, a.Policy) {
			names = append(names, a.Policy)
		}
	}
	return names
}

// Queue is a logical task queue; temporal.yaml maps it to a name.
type Queue string

// The three queues: workflows and light work, native work on processors, native work on a training device.
const (
	QueueMain Queue = "crosssum"
	QueueCPU  Queue = "crosssum-cpu"
	QueueGPU  Queue = "crosssum-gpu"
)

// Ref names a sealed stage: the index object that lists its units. It is all that payloads carry of the data.
type Ref struct {
	Stage  string           `json:"stage"`
	Index  string           `json:"index"` // digest of the index object
	Units  int              `json:"units"`
	Counts map[string]int64 `json:"counts,omitempty"` // summed over units
}

// Refs are sealed stages by name.
type Refs map[string]Ref

// Index is the content of an index object: the units of a stage in name order.
type Index struct {
	Stage string `json:"stage"`
	Units []Unit `json:"units"`
}

// Unit is one published artifact: the object digests of its files by file name.
type Unit struct {
	Name   string           `json:"name"` // "english", "english-hindi", "all"
	Key    string           `json:"key"`
	Files  map[string]File  `json:"files"`
	Counts map[string]int64 `json:"counts,omitempty"`
}

// File is one immutable object of the store.
type File struct {
	Digest string `json:"digest"` // SHA-256, lower-case hex
	Bytes  int64  `json:"bytes"`
}

// Planned is the answer of "<stage>.plan". Ref is set when nothing is missing.
type Planned struct {
	Ref     *Ref         `json:"ref,omitempty"`
	Total   int          `json:"total"`   // units of the stage
	Reused  int          `json:"reused"`  // units that were published already
	Missing [][]WorkUnit `json:"missing"` // grouped into work items worth some tens of seconds; of very many only the first
	// ReusedUnits names the units that were published already, in order: all of them up to ReusedShown, else the first three.
	ReusedUnits []string `json:"reused_units,omitempty"`
}

// ReusedShown is how many reused units of a stage are still named one by one.
const ReusedShown = 100

// Work asks for some units of a stage.
type Work[In any] struct {
	Input In         `json:"input"`
	Units []WorkUnit `json:"units"`
}

// WorkUnit is a unit that is to be computed: whoever does it computes what Key says, or refuses.
type WorkUnit struct {
	Name    string  `json:"name"`
	Key     string  `json:"key"`
	Seconds float64 `json:"seconds"` // a guess at its cost, which bars and times to go are weighted by
}

// Done is the answer of a work item.
type Done struct {
	Units            int      `json:"units"`
	Seconds          float64  `json:"seconds"`
	Nondeterministic []string `json:"nondeterministic,omitempty"` // "<stage> <unit>" whose key was published with other bytes
	Outdated         string   `json:"outdated,omitempty"`         // the unit at which it ended, since its key is another now: it wants another look-up
}

// Progress is the detail of every heartbeat (under 1 kB) and what live bars are drawn from.
type Progress struct {
	Stage   string             `json:"stage"`
	Unit    string             `json:"unit"`              // the unit at work
	UnitNo  int                `json:"unit_no"`           // finished units of this work item
	Units   int                `json:"units"`             // units in this work item
	Done    int64              `json:"done"`              // within the unit
	Total   int64              `json:"total"`             // within the unit; 0 when unknown
	Of      string             `json:"of"`                // what Done counts: "rows", "steps", "pairs"
	Resumed int64              `json:"resumed,omitempty"` // of Done, what an earlier attempt did: this one went on from there
	Metrics map[string]float64 `json:"metrics,omitempty"` // "loss", "learning_rate", "checkpoint"
	// Guessed costs in seconds: of the work item's finished units, and of the unit at work.
	WorkDone float64 `json:"work_done,omitempty"`
	UnitWork float64 `json:"unit_work,omitempty"`
	// Problem is what holds up the work and what a person does about it, under 500 bytes; "" while it goes on.
	Problem string `json:"problem,omitempty"`
}

// OfModel is what Progress counts while a model is loaded: that is no part of the unit's work.
const OfModel = "bytes of the model"

// StageProgress is one row of the `progress` query: a stage with its finished units.
type StageProgress struct {
	Stage     string           `json:"stage"`
	Crawl     string           `json:"crawl,omitempty"` // the crawl at work, in a run that takes one after the other
	State     string           `json:"state"`           // "waiting", "running", "done", "failed"
	Unit      string           `json:"unit"`
	Units     int              `json:"units"`
	UnitsDone int              `json:"units_done"`
	Reused    int              `json:"reused"`
	Seconds   float64          `json:"seconds"`
	Work      float64          `json:"work,omitempty"`      // guessed seconds of what was missing
	WorkDone  float64          `json:"work_done,omitempty"` // of that, in finished work items
	Counts    map[string]int64 `json:"counts,omitempty"`
	// ReusedUnits are Planned's of the first look, before anything was computed.
	ReusedUnits []string `json:"reused_units,omitempty"`
}

// RawParams is the input of every workflow: JSON, decoded strictly by DecodePipeline over its preset's defaults.
type RawParams = json.RawMessage
