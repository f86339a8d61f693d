// Package report draws one run as a self-contained HTML page that opens offline: numbers, tables, and charts as inline
// SVG. It gathers them from the sealed stages of a run (gather*.go), names the run's figures, and prints them as a short
// table for a terminal.
package report

import (
	"crosssum/internal/evaluation/metric"
	"crosssum/internal/mining/gold"
	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

// Data is all that the page shows. Every part may be empty: the page says so in its place.
type Data struct {
	Run          string
	Params       schemas.Params
	Crawl        schemas.Scanned
	Rule         string
	Threshold    float64
	Stages       []Stage
	Warnings     []string
	Rejects      []Count // by reason
	Hygiene      []Hygiene
	Misplaced    []Misplaced // some, to judge by eye
	Linked       []Count     // candidates, near misses, duplicates, ...
	Languages    []Language
	Pairs        []PairSize // directed, native pairs included
	Splits       []Count    // "train label", ...
	Shared       *Shared    // nil where texts were not compared
	Histogram    link.Histogram
	Above        []NearPair
	Below        []NearPair
	Alignment    *gold.Result // nil: the crawl has no gold
	Training     []Step
	Validations  []Validation        // none: the training was not validated
	Scores       *metric.Summary     // nil: nothing was scored
	Samples      []schemas.ScoredRow // examples, with Source
	Sources      []string            // source texts of Samples
	NotGenerated []Missed
}

// Stage is one sealed stage with its counts.
type Stage struct {
	Name    string
	State   string // "done", or "not run"
	Units   int
	Unit    string
	Reused  int
	Seconds float64
	In, Out []Count
	Other   []Count
	Digest  string // of the index object
}

// Count is a named number.
type Count struct {
	Name string
	N    int64
}

// Language is one language's way through ingest.
type Language struct {
	Name                     string
	Read, Accepted, Rejected int64
	Train, Val, Test         int64 // articles by split
}

// Shared is what train has in common with val and test: of their articles those whose text or summary it has, and pairs of near texts.
type Shared struct{ Texts, Summaries, NearTexts, Boilerplate int64 }

// Hygiene is what one language's articles have that alignment stumbles over, in articles; Templates in summaries.
type Hygiene struct {
	Name                            string
	Articles, Misplaced, SetAside   int64
	MovedIn, MovedOut               int64
	Templates, Templated, Siblings  int64
	Duplicates                      int64 // pairs of near-identical summaries
	Mojibake, ReplacementCharacters int64
	Zawgyi                          int64 // Burmese in the encoding that is not Unicode
}

// Misplaced is an article whose summary is not in its file's language.
type Misplaced struct {
	Language, ID, Identified, Reason string // Reason is "" for one that was kept
	Probability                      float64
	Summary                          string
}

// PairSize is a directed pair with its samples over all splits.
type PairSize struct {
	Source, Target string
	Samples        int64
	Train, Test    int64
}

// NearPair is an example of the histogram with its two summaries.
type NearPair struct {
	link.Example
	Source, Target string
}

// Step is one line of metrics.jsonl.
type Step struct {
	Step         int64   `json:"step"`
	Loss         float64 `json:"loss"`
	LearningRate float64 `json:"learning_rate"`
}

// Validation is one line of validation.jsonl.
type Validation struct {
	Step    int64   `json:"step"`
	Samples int64   `json:"samples"`
	Loss    float64 `json:"loss"`
	Rouge2  float64 `json:"rouge2"`
}

// Missed is a directed pair whose test samples were not all decoded.
type Missed struct {
	Pair                    string
	Generated, NotGenerated int64
}
