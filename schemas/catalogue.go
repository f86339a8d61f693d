package schemas

import "fmt"

// Catalogue is one entry of a ledger: the state after one crawl was taken. It is an object of the store; its place in the
// ledger is the ref "catalogue/<name>/<number>". It is a pure function of the entry before and the crawl, so two runs that
// overlap write equal entries.
type Catalogue struct {
	Name     string          `json:"name"`
	Number   int             `json:"number"`             // from 1
	Previous string          `json:"previous,omitempty"` // digest of entry number - 1
	Crawl    string          `json:"crawl"`              // its name, for people
	Digest   string          `json:"digest"`             // the identity of the crawl: mode, languages, splits and file digests
	Mode     string          `json:"mode"`               // "delta" or "snapshot"
	Files    []CatalogueFile `json:"files"`
	Params   RealignParams   `json:"params"`         // as resolved for this entry
	Encoder  string          `json:"encoder_digest"` // of the model directory that params.encoder.name meant

	Articles   Ref  `json:"articles"` // of Merge
	Screened   Ref  `json:"screened"` // those that are aligned
	Embeddings Ref  `json:"embeddings"`
	Neighbours Ref  `json:"neighbours"`
	Links      Ref  `json:"links"`
	Splits     Ref  `json:"splits"`
	Dataset    *Ref `json:"dataset,omitempty"`

	// read = accepted + rejected + deleted; accepted = new + edited + unchanged; withdrawn; moved (articles with another split
	// than in the entry before); articles, pairs; misplaced (summaries not in their file's language), set_aside (of those).
	Counts map[string]int64 `json:"counts"`
}

// Made are the sealed stages of the entry.
func (c Catalogue) Made() Refs {
	made := Refs{}
	for _, ref := range []*Ref{&c.Articles, &c.Screened, &c.Embeddings, &c.Neighbours, &c.Links, &c.Splits, c.Dataset} {
		if ref != nil {
			made[ref.Stage] = *ref
		}
	}
	return made
}

// The modes of a crawl, and the states of one of its files.
const (
	ModeDelta    = "delta"
	ModeSnapshot = "snapshot"

	FileTaken  = "taken"
	FileFailed = "failed"
)

// CatalogueFile is what became of one file of a crawl.
type CatalogueFile struct {
	Language string `json:"language"`
	Split    string `json:"split,omitempty"`
	Digest   string `json:"digest"`
	State    string `json:"state"` // "taken", or "failed": none of its rows was taken
	Reason   string `json:"reason,omitempty"`
}

// RealignParams are the parameters of a Realign run: those of Pipeline that mining has, the ledger, and where crawls are
// looked for.
type RealignParams struct {
	Params
	Catalogue string `json:"catalogue"` // name of the ledger: [a-z0-9_.-]+
	// Crawls names a folder in a crawl root, "" the last crawl root itself: each folder in it that has the done marker
	// crawl.json is a crawl, taken in name order. Params.Crawl, if given, names a single folder to take instead, marker or not.
	Crawls string `json:"crawls"`
	// Retry takes Params.Crawl although the ledger has it: files that failed are tried again.
	Retry bool `json:"retry"`
}

// MergeInput: unit = language, over the languages of both. Files out: "articles.arrow", the catalogue's articles after the
// crawl; "changes.arrow", what the crawl did. A snapshot speaks about the languages that Ingested has a unit for; one with a
// failed file is taken as a delta. Counts: articles, new, edited, unchanged, withdrawn, withdrew_nothing (deletions of what
// was not there), snapshots_as_deltas (languages).
type MergeInput struct {
	Previous *Ref   `json:"previous,omitempty"` // Articles of the entry before
	Ingested Ref    `json:"ingested"`
	Mode     string `json:"mode"` // of the crawl: "delta" or "snapshot"
}

// WaitingInput asks for the newest entry of a catalogue and the crawls that its ledger does not have.
type WaitingInput struct {
	Params RealignParams `json:"params"`
	Known  []string      `json:"known,omitempty"` // digests of crawls that this run is done with
}

// Waiting is the answer: the state of a ledger, and what it has yet to take.
type Waiting struct {
	Newest  *Entry `json:"newest,omitempty"` // nil: the ledger is empty
	Encoder string `json:"encoder_digest"`   // what Params.Encoder.Name means now
	// Crawls are in name order, at most a hundred at a time. Their Files leave out what the ledger has of a crawl that was
	// mended; their Digest is that of the whole crawl.
	Crawls []Scanned `json:"crawls"`
	More   bool      `json:"more,omitempty"` // there are more behind these
	// Refused are folders with a done marker that are no crawls: a person must mend them. They hold up nothing.
	Refused []RefusedCrawl `json:"refused,omitempty"`
	PassedOver
}

// PassedOver is what a look for crawls found and did not take.
type PassedOver struct {
	Passed      []PassedCrawl `json:"passed_over,omitempty"`     // the first of them
	PassedCount int           `json:"passed_over_all,omitempty"` // how many there are
	Before      int           `json:"taken_before,omitempty"`    // crawls that the ledger had
}

// PassedCrawl is what lies where crawls are looked for, and is none, or not yet.
type PassedCrawl struct {
	Crawl  string `json:"crawl"`
	Reason string `json:"reason"`
}

// Lines say of each what it is and why, and of all others how many there are.
func (p PassedOver) Lines() (lines []string) {
	for _, c := range p.Passed {
		lines = append(lines, fmt.Sprintf("passed over: %s: %s", c.Crawl, c.Reason))
	}
	if more := p.PassedCount - len(p.Passed); more > 0 {
		lines = append(lines, fmt.Sprintf("passed over: %d more", more))
	}
	return lines
}

// Entry is a Catalogue with its digest, as payloads carry it: without Files, which its object has.
type Entry struct {
	Catalogue
	Object string `json:"object"` // digest of the entry
}

// RefusedCrawl is a crawl that cannot be taken as it is.
type RefusedCrawl struct {
	Crawl  string `json:"crawl"`
	Digest string `json:"digest,omitempty"` // where it could be read
	Reason string `json:"reason"`
}

// TakeInput adds a crawl to the ledger. Entry is complete but for its Files, which Ingested tells.
type TakeInput struct {
	Entry    Catalogue `json:"entry"`
	Ingested Ref       `json:"ingested"`
}

// Took is the answer. Mine: the entry that stands at the number is the one of TakeInput, and Newest is it. Else another run
// was first: what waits has to be asked again, and the work to be done from Newest.
type Took struct {
	Newest Entry           `json:"newest"`
	Mine   bool            `json:"mine"`
	Failed []CatalogueFile `json:"failed,omitempty"` // files of the crawl that were not taken; the first 20
}

// TakenCrawl is a crawl that a run has taken.
type TakenCrawl struct {
	Number int              `json:"number"`
	Crawl  string           `json:"crawl"`
	Digest string           `json:"digest"`
	Mode   string           `json:"mode"`
	Counts map[string]int64 `json:"counts"`
	Failed []CatalogueFile  `json:"failed,omitempty"`
}

// RealignResult is what a Realign run did. A run that refused a crawl fails, with this as the details of its error.
type RealignResult struct {
	Catalogue string         `json:"catalogue"`
	Number    int            `json:"number"`           // of the newest entry, 0: none
	Entry     string         `json:"entry,omitempty"`  // its digest
	Folder    string         `json:"folder,omitempty"` // data/runs/<workflow id>: dataset/ and manifest.json of the newest entry
	Taken     []TakenCrawl   `json:"taken"`            // in the order in which this run took them
	Refused   []RefusedCrawl `json:"refused,omitempty"`
	PassedOver
	Stages []StageProgress `json:"stages"` // summed over the crawls

	Nondeterministic []string `json:"nondeterministic,omitempty"` // units that were computed twice with other bytes
	Warnings         []string `json:"warnings,omitempty"`         // about parameters that are allowed, and likely wrong
}
