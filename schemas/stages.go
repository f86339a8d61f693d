package schemas

// The stages, in the order the data takes. Each input holds the resolved parameters and the Refs of the stages it reads.
var (
	Ingest     = Stage[IngestInput]{Name: "ingest", Version: 2, Queue: QueueMain, Unit: "language"}
	Merge      = Stage[MergeInput]{Name: "merge", Version: 1, Queue: QueueMain, Unit: "language"}
	Identify   = Stage[IdentifyInput]{Name: "identify", Version: 1, Queue: QueueCPU, Unit: "language"}
	Screen     = Stage[ScreenInput]{Name: "screen", Version: 1, Queue: QueueMain, Unit: "language"}
	Embed      = Stage[EmbedInput]{Name: "embed", Version: 1, Queue: QueueCPU, Unit: "language"}
	Neighbours = Stage[NeighboursInput]{Name: "neighbours", Version: 1, Queue: QueueCPU, Unit: "pair"}
	Link       = Stage[LinkInput]{Name: "link", Version: 2, Queue: QueueMain, Unit: "run"}
	SplitDedup = Stage[SplitInput]{Name: "split_dedup", Version: 2, Queue: QueueMain, Unit: "run"}
	Export     = Stage[ExportInput]{Name: "export", Version: 2, Queue: QueueMain, Unit: "part"}
	Tokenize   = Stage[TokenizeInput]{Name: "tokenize", Version: 1, Queue: QueueCPU, Unit: "language"}
	Train      = Stage[TrainInput]{Name: "train", Version: 2, Queue: QueueGPU, Unit: "run"}
	Generate   = Stage[GenerateInput]{Name: "generate", Version: 1, Queue: QueueGPU, Unit: "pair"}
	Score      = Stage[ScoreInput]{Name: "score", Version: 1, Queue: QueueCPU, Unit: "run"}
	Report     = Stage[ReportInput]{Name: "report", Version: 1, Queue: QueueMain, Unit: "run"}
)

// CrawlFile is one file of a crawl as `scan` found it. Path is where to read it now; only the digest is keyed.
type CrawlFile struct {
	Path     string `json:"path"` // relative to the crawl folder
	Language string `json:"language"`
	Split    string `json:"split,omitempty"` // "train", "val", "test" or ""
	Digest   string `json:"digest"`
	Bytes    int64  `json:"bytes"`
}

// ScanInput asks what a crawl folder holds.
type ScanInput struct {
	Crawl     string   `json:"crawl"`
	Languages []string `json:"languages"`
	Ledger    bool     `json:"ledger,omitempty"` // a crawl with its done marker may lack languages, and even have no file
}

// Scanned is a crawl: its files in (language, path) order, as an object of the store (digest of a JSON []CrawlFile).
type Scanned struct {
	Crawl  string `json:"crawl"`
	Files  string `json:"files"`
	Count  int    `json:"count"`
	Bytes  int64  `json:"bytes"`
	Mode   string `json:"mode"`           // "delta" or "snapshot", of crawl.json; delta without one
	Digest string `json:"digest"`         // of the mode and the (language, split, file digest) list: the identity of the crawl
	Gold   string `json:"gold,omitempty"` // object digest of gold.tsv beside the crawl, if it ships with one; read by report only
	// GoldFault is why the gold beside the crawl was left: a run goes on without what it is only judged by.
	GoldFault string `json:"gold_fault,omitempty"`
}

// IngestInput: unit = language. Files out: "articles.arrow", "deletions.arrow" (identities that the crawl withdraws),
// "rejects.arrow", "files.json" ([]CatalogueFile). Counts: read = accepted + rejected + deleted; blank; failed_files.
type IngestInput struct {
	Scanned  Scanned      `json:"scanned"`
	Params   IngestParams `json:"params"`
	Tolerant bool         `json:"tolerant,omitempty"` // a file over its reject budget fails alone: none of its rows is taken
}

// IdentifyInput: unit = language. Files out: "classified.arrow". Counts: rows, unknown (of languages that the classifier
// does not know).
type IdentifyInput struct {
	Articles Ref    `json:"articles"`
	Numerics string `json:"numerics"`
}

// ScreenInput: unit = language. Files out: "articles.arrow", what goes on; "languages.arrow", row for row what language each
// summary is in; "set_aside.arrow"; "changes.arrow", as it came, where the articles are of Merge. Counts: articles, misplaced,
// set_aside, moved_in, moved_out, shared_summaries, templates, templated, siblings, mojibake, replacement_characters; and
// Merge's new and edited.
type ScreenInput struct {
	Articles   Ref          `json:"articles"`   // of Ingest or Merge
	Identified Ref          `json:"identified"` // of Identify
	Params     ScreenParams `json:"params"`
}

// EmbedInput: unit = language. Files out: "embeddings.arrow". Counts: rows, texts (distinct), encoded (texts
// that no run before had embedded with this encoder), tokens (of those), zero_vectors (articles without a token that the
// encoder knows).
type EmbedInput struct {
	Articles Ref           `json:"articles"`
	Encoder  EncoderParams `json:"encoder"`
	Numerics string        `json:"numerics"`
}

// NeighboursInput: unit = unordered pair of languages "a-b", a <= b in byte order; a-a finds duplicates.
// Files out: "forward.arrow" (a to b), "backward.arrow" (b to a; absent for a-a). Counts: rows, neighbours.
type NeighboursInput struct {
	Embeddings Ref    `json:"embeddings"`
	Keep       int    `json:"keep"`
	BlockRows  int    `json:"block_rows"`
	Numerics   string `json:"numerics"`
	// What an earlier run found: lists that still hold are taken over. The result is the same without, so they are in no key.
	Earlier           *Ref `json:"earlier,omitempty"` // Neighbours
	EarlierEmbeddings *Ref `json:"earlier_embeddings,omitempty"`
}

// LinkInput: one unit, "all". Files out: "pairs.arrow", "duplicates.arrow", "components.arrow", "histogram.json".
// Counts: candidates, accepted, near_misses, duplicates, components, cut_edges.
type LinkInput struct {
	Articles           Ref     `json:"articles"`
	Neighbours         Ref     `json:"neighbours"`
	Rule               string  `json:"rule"`
	Threshold          float64 `json:"threshold"`
	DuplicateThreshold float64 `json:"duplicate_threshold"`
	Neighbour          int     `json:"k"`
}

// SplitInput: one unit, "all". Files out: "splits.arrow", "samples.arrow", and for the next catalogue "history.arrow" and
// "trained.arrow". Counts: by split and reason, moved, overruled_labels, ...
type SplitInput struct {
	Articles Ref         `json:"articles"`
	Links    Ref         `json:"links"`
	Params   SplitParams `json:"params"`
	Seed     uint64      `json:"seed"`
	Earlier  *Ref        `json:"earlier,omitempty"` // Splits of the catalogue entry before: whoever was in train stays there
}

// ExportInput: unit = source language, and "README.md". Files out: "<source>-<target>_<train|val|test>.jsonl" and the same
// rows in "parquet/<source>-<target>/<train|validation|test>.parquet"; "README.md", the data card by which Hugging Face
// `datasets` loads them. Counts: samples, files.
type ExportInput struct {
	Articles Ref    `json:"articles"`
	Links    Ref    `json:"links"`
	Splits   Ref    `json:"splits"`
	Mined    Mined  `json:"mined"`
	Previous string `json:"previous,omitempty"` // digest of the catalogue entry before, which tells what crawls older articles are of
}

// TokenizeInput: unit = language. Files out: "tokens.arrow", row for row the articles as a summarizer reads them. Counts: articles,
// source_tokens, label_tokens, sentinels_in_sources (start tokens of languages that texts spell out), dropped_from_labels.
type TokenizeInput struct {
	Articles   Ref    `json:"articles"`
	Summarizer string `json:"summarizer"` // whose vocabulary is asked
	Source     int    `json:"source_tokens"`
	Target     int    `json:"target_tokens"`
	Numerics   string `json:"numerics"` // of the engine that does it; changes no id
}

// NotReproducibleSince is a count of Train: the first step whose bytes another run of the same input would not have, because an
// attempt ran out of memory or lost a rank and the next went on with a smaller micro-batch, or fewer ranks. Absent: there is none.
const NotReproducibleSince = "not_bit_reproducible_since_step"

// TrainInput: one unit, "all". Files out: a Hugging Face model directory, "metrics.jsonl", "trained_on.arrow", an events file for
// TensorBoard; "validation.jsonl" where it was validated; "lessons.json" where there is a count NotReproducibleSince. Counts: steps, samples, pairs.
type TrainInput struct {
	Articles      Ref         `json:"articles"`
	Tokens        Ref         `json:"tokens"`
	Splits        Ref         `json:"splits"`
	Summarizer    string      `json:"summarizer"`
	RefuseTrained bool        `json:"refuse_trained,omitempty"` // end before any step where the summarizer was trained on articles of split test
	Params        TrainParams `json:"params"`
	Seed          uint64      `json:"seed"`
	Numerics      string      `json:"numerics"`
}

// GenerateInput: unit = directed pair "source-target". Files out: "generations.arrow". Counts: samples, not_generated.
type GenerateInput struct {
	Articles Ref            `json:"articles"`
	Splits   Ref            `json:"splits"`
	Model    Ref            `json:"model"`
	Params   GenerateParams `json:"params"`
	Source   int            `json:"source_tokens"`
	Seed     uint64         `json:"seed"`
	Numerics string         `json:"numerics"`
}

// ScoreInput: one unit, "all". Files out: "scores.arrow" (a row a sample), "summary.json" (by pair and in all).
type ScoreInput struct {
	Articles    Ref           `json:"articles"`
	Generations Ref           `json:"generations"`
	Encoder     EncoderParams `json:"encoder"`
	Numerics    string        `json:"numerics"`
	Seed        uint64        `json:"seed"`
}

// ReportInput is everything a reader of the run may ask for. Files out: "report.html", "figures.json" (name -> number:
// PipelineResult's), "manifest.json". The activity also lays out
// data/runs/<run>/ with hard links: dataset/, model/, report.html, manifest.json.
type ReportInput struct {
	Run         string          `json:"run"` // workflow id
	Params      Params          `json:"params"`
	Scanned     Scanned         `json:"scanned"`
	Stages      []StageProgress `json:"stages"`
	Ingested    Ref             `json:"ingested"` // of Ingest; of a catalogue, of Merge
	Identified  Ref             `json:"identified"`
	Articles    Ref             `json:"articles"` // of Screen
	Embeddings  Ref             `json:"embeddings"`
	Neighbours  Ref             `json:"neighbours"`
	Links       Ref             `json:"links"`
	Splits      Ref             `json:"splits"`
	Dataset     Ref             `json:"dataset"`
	Tokens      Ref             `json:"tokens"`
	Model       Ref             `json:"model"`
	Generations Ref             `json:"generations"`
	Scores      Ref             `json:"scores"`
	Rule        string          `json:"rule"`
	Threshold   float64         `json:"threshold"`
	Warnings    []string        `json:"warnings,omitempty"` // about thresholds
}

// PipelineResult is what a finished Pipeline returns: where to look, and the figures that people ask for first.
type PipelineResult struct {
	Folder  string             `json:"folder"` // data/runs/<workflow id>
	Report  string             `json:"report"` // path of report.html
	Figures map[string]float64 `json:"figures"`
	Stages  []StageProgress    `json:"stages"`

	Nondeterministic []string `json:"nondeterministic,omitempty"` // units that were computed twice with other bytes
	Warnings         []string `json:"warnings,omitempty"`         // about parameters that are allowed, and likely wrong
}
