package schemas

import "slices"

// Which workflows go how far.
var (
	modelWorkflows   = []string{PipelineWorkflow, TrainWorkflow}
	datasetWorkflows = append([]string{BuildDatasetWorkflow, RealignWorkflow}, modelWorkflows...)
	everyWorkflow    = append([]string{CalibrateWorkflow}, datasetWorkflows...)
)

// Every stage and every activity, in the order the data takes. A stage's input holds the resolved parameters and the Refs of the stages
// that it reads.
var (
	SettingsActivity = activity[SettingsInput, Settings](About{Name: "settings", Policy: PlanPolicy}) // local: no file is read by workflow code
	ScanActivity     = activity[ScanInput, Scanned](About{Name: "scan", Policy: ScanPolicy, Unit: "crawl",
		Workflows: []string{PipelineWorkflow, BuildDatasetWorkflow, TrainWorkflow, CalibrateWorkflow}})
	WaitingActivity = activity[WaitingInput, Waiting](About{Name: "waiting", Policy: ScanPolicy, Unit: "crawl", Workflows: []string{RealignWorkflow}})

	Ingest = stage[IngestInput](About{Name: "ingest", Version: 5, Queue: QueueMain, Unit: "language", Workflows: everyWorkflow,
		From: "ingest", In: []string{"read"}, Out: []string{"accepted"},
		Files: []Published{{"articles.arrow", Texts}, {"deletions.arrow", IDs}, {"rejects.arrow", IDs}, {"files.json", Nothing}}})
	Merge = stage[MergeInput](About{Name: "merge", Version: 1, Queue: QueueMain, Unit: "language", Workflows: []string{RealignWorkflow},
		Files: []Published{{"articles.arrow", Texts}, {"changes.arrow", IDs}}})
	Identify = stage[IdentifyInput](About{Name: "identify", Version: 2, Queue: QueueCPU, Unit: "language", Workflows: everyWorkflow,
		From: "ingest", In: []string{"accepted"}, Out: []string{"rows"}, Files: []Published{{"classified.arrow", IDs}}})
	Screen = stage[ScreenInput](About{Name: "screen", Version: 2, Queue: QueueMain, Unit: "language", Workflows: everyWorkflow,
		From: "identify", In: []string{"rows"}, Out: []string{"articles"},
		Files: []Published{{"articles.arrow", Texts}, {"languages.arrow", IDs}, {"set_aside.arrow", IDs}}})
	Embed = stage[EmbedInput](About{Name: "embed", Version: 2, Queue: QueueCPU, Unit: "language", Workflows: everyWorkflow,
		From: "screen", In: []string{"articles"}, Out: []string{"rows"}, Files: []Published{{"embeddings.arrow", IDs}}})
	Neighbours = stage[NeighboursInput](About{Name: "neighbours", Version: 1, Queue: QueueCPU, Unit: "pair", Workflows: everyWorkflow,
		From: "embed", In: []string{"rows"}, Out: []string{"neighbours"}, Files: []Published{{"forward.arrow", IDs}, {"backward.arrow", IDs}}})
	Lexicon = stage[LexiconInput](About{Name: "lexicon", Version: 1, Queue: QueueCPU, Unit: "language", Workflows: everyWorkflow,
		From: "screen", In: []string{"articles"}, Out: []string{"tokens", "copies"}, Files: []Published{{"lexicon.arrow", IDs}}})
	Evidence = stage[EvidenceInput](About{Name: "evidence", Version: 1, Queue: QueueCPU, Unit: "pair", Workflows: everyWorkflow,
		From: "lexicon", In: []string{"articles"}, Out: []string{"contenders"}, Files: []Published{{"evidence.arrow", IDs}}})
	Link = stage[LinkInput](About{Name: "link", Version: 3, Queue: QueueMain, Unit: "run", Workflows: datasetWorkflows,
		From: "neighbours", In: []string{"neighbours"}, Out: []string{"accepted", "components"},
		Files: []Published{{"pairs.arrow", IDs}, {"duplicates.arrow", IDs}, {"components.arrow", IDs}, {"histogram.json", IDs}}})
	NearDuplicates = stage[NearDuplicatesInput](About{Name: "near_duplicates", Version: 1, Queue: QueueMain, Unit: "language", Workflows: datasetWorkflows,
		From: "screen", In: []string{"articles"}, Out: []string{"equal", "near"}, Files: []Published{{"texts.arrow", IDs}, {"near.arrow", IDs}}})
	Calibrate = stage[CalibrateInput](About{Name: "calibrate", Version: 3, Queue: QueueMain, Unit: "run", Folder: ".", Workflows: []string{CalibrateWorkflow},
		Files: []Published{{"curve.json", Nothing}, {"calibration.html", Nothing}}})
	SplitDedup = stage[SplitInput](About{Name: "split_dedup", Version: 4, Queue: QueueMain, Unit: "run", Workflows: datasetWorkflows,
		From: "screen", In: []string{"articles"}, Out: []string{"train", "val", "test", "samples"},
		Files: []Published{{"splits.arrow", IDs}, {"samples.arrow", IDs}, {"history.arrow", IDs}, {"trained.arrow", IDs}, {"trained_texts.arrow", IDs}}})
	Export = stage[ExportInput](About{Name: "export", Version: 6, Queue: QueueMain, Unit: "part", Folder: "dataset", Workflows: datasetWorkflows,
		From: "split_dedup", In: []string{"samples"}, Out: []string{"samples", "files"},
		Files: []Published{{"*-*_*.jsonl", Texts}, {"parquet/*/*-*.parquet", Texts}, {"README.md", Nothing}}})
	Tokenize = stage[TokenizeInput](About{Name: "tokenize", Version: 2, Queue: QueueCPU, Unit: "language", Workflows: modelWorkflows,
		From: "screen", In: []string{"articles"}, Out: []string{"source_tokens", "label_tokens"}, Files: []Published{{"tokens.arrow", Texts}}})
	Train = stage[TrainInput](About{Name: "train", Version: 3, Queue: QueueGPU, Unit: "run", Folder: "model", Workflows: modelWorkflows,
		From: "split_dedup", In: []string{"samples_train"}, Out: []string{"steps"},
		Files: []Published{{TrainedOnFile, IDs}, {"*.json", Nothing}, {"*.jsonl", Nothing}, {"*.model", Nothing}, {"*.safetensors", Nothing},
			{"README.md", Nothing}, {"events.out.tfevents.*", Nothing}}})
	Generate = stage[GenerateInput](About{Name: "generate", Version: 2, Queue: QueueGPU, Unit: "pair", Workflows: []string{PipelineWorkflow},
		From: "split_dedup", In: []string{"samples_test"}, Out: []string{"samples"}, Files: []Published{{"generations.arrow", Texts}}})
	Score = stage[ScoreInput](About{Name: "score", Version: 2, Queue: QueueCPU, Unit: "run", Folder: "scores", Workflows: []string{PipelineWorkflow},
		From: "generate", In: []string{"samples"}, Out: []string{"samples"}, Files: []Published{{"scores.arrow", Texts}, {"summary.json", Nothing}}})
	Report = stage[ReportInput](About{Name: "report", Version: 3, Queue: QueueMain, Unit: "run", Folder: ".", Workflows: []string{PipelineWorkflow},
		Files: []Published{{"report.html", Texts}, {"figures.json", Nothing}}})

	TakeActivity        = activity[TakeInput, Took](About{Name: "take", Policy: PlanPolicy, Unit: "entry", Workflows: []string{RealignWorkflow}})
	CalibrationActivity = activity[CalibrationInput, CalibrationText](About{Name: "calibration", Policy: PlanPolicy})
	LayOutActivity      = activity[LayOutInput, LaidOut](About{Name: "lay_out", Policy: PlanPolicy})
)

// CrawlFile is one file of a crawl as `scan` found it. Path is where to read it now; only the digest is keyed.
type CrawlFile struct {
	Path     string `json:"path"`              // relative to the crawl folder; of a member of an archive: archive/member
	Archive  string `json:"archive,omitempty"` // the tar that it lies in
	Language string `json:"language"`
	Split    string `json:"split,omitempty"` // "train", "val", "test" or ""
	Digest   string `json:"digest"`
	Bytes    int64  `json:"bytes"`
}

// ScanInput asks what a crawl folder holds.
type ScanInput struct {
	Crawl     string       `json:"crawl"`
	Languages []string     `json:"languages"`
	Gold      string       `json:"gold,omitempty"`   // name of <crawl root>/gold/<name>.tsv.gz to judge by; "": the one beside the crawl
	Limits    IngestParams `json:"limits,omitzero"`  // of what archives unpack to
	Ledger    bool         `json:"ledger,omitempty"` // a crawl with its done marker may lack languages, and even have no file
	Ahead     *Ahead       `json:"ahead,omitempty"`  // nil: nothing but the crawl is looked at
}

// Ahead is what a run is going to do: what can be known to stop it is an error of its first activity.
type Ahead struct {
	Workflow string `json:"workflow"`
	Params   Params `json:"params"`
}

// Trains tells whether the workflow trains a summarizer.
func (a Ahead) Trains() bool { return slices.Contains(modelWorkflows, a.Workflow) }

// Scanned is a crawl: its files in (language, path) order, as an object of the store (digest of a JSON []CrawlFile).
type Scanned struct {
	Crawl  string `json:"crawl"`
	Files  string `json:"files"`
	Count  int    `json:"count"`
	Bytes  int64  `json:"bytes"`
	Mode   string `json:"mode"`           // "delta" or "snapshot", of crawl.json; delta without one
	Digest string `json:"digest"`         // of the mode and the (language, split, file digest) list: the identity of the crawl
	Gold   string `json:"gold,omitempty"` // object digest of the gold that was asked for, or lies beside the crawl; read by report and calibrate only
	// GoldFault is why the gold beside the crawl was left: a run goes on without what it is only judged by.
	GoldFault string   `json:"gold_fault,omitempty"`
	Remarks   []string `json:"remarks,omitempty"`   // about models, for a person
	Languages []string `json:"languages,omitempty"` // that it has files of and were wanted, in their order
}

// Measure counts the files, which are in their order.
func (s *Scanned) Measure(files []CrawlFile) {
	s.Count, s.Bytes, s.Languages = len(files), 0, nil
	for _, f := range files {
		s.Bytes += f.Bytes
		s.Languages = append(s.Languages, f.Language)
	}
	s.Languages = slices.Compact(s.Languages)
}

// IngestInput: unit = language. Files out: "articles.arrow", "deletions.arrow" (identities that the crawl withdraws),
// "rejects.arrow", "files.json" ([]CatalogueFile). Counts: read = accepted + rejected + deleted; blank; repeated (rows that say what another says too); failed_files.
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
// summary is in; "set_aside.arrow". Counts: articles, misplaced, set_aside, moved_in, moved_out, shared_summaries, templates,
// templated, siblings, mojibake, replacement_characters, zawgyi.
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
	Ingested Ref           `json:"ingested"` // of Ingest or Merge: how many articles are new; in no key
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

// LexiconInput: unit = language. Files out: "lexicon.arrow". Counts: articles, copies, tokens, without_tokens, cut (articles with more
// tokens than are kept).
type LexiconInput struct {
	Articles Ref `json:"articles"`
}

// EvidenceInput: unit = unordered pair of languages "a-b", a < b. Files out: "evidence.arrow". Counts: contenders, proposed (by shared
// tokens alone), searched_again.
type EvidenceInput struct {
	Lexicon            Ref     `json:"lexicon"`
	Embeddings         Ref     `json:"embeddings"`
	Neighbours         Ref     `json:"neighbours"`
	Neighbour          int     `json:"k"`
	BlockRows          int     `json:"block_rows"`
	DuplicateThreshold float64 `json:"duplicate_threshold"`
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
	// Of the rule "evidence": what it weighs, and how.
	Evidence *Ref           `json:"evidence,omitempty"`
	Model    *EvidenceModel `json:"model,omitempty"`
}

// NearDuplicatesInput: unit = language. Files out: "texts.arrow", "near.arrow" (DuplicateRow; score is the Jaccard similarity). Counts:
// articles, equal (texts that an article before has), near (pairs), crowded.
type NearDuplicatesInput struct {
	Articles   Ref     `json:"articles"`   // of Screen
	Similarity float64 `json:"similarity"` // from which two texts are near
}

// SplitInput: one unit, "all". Files out: "splits.arrow", "samples.arrow", and for the next catalogue "history.arrow", "trained.arrow" and
// "trained_texts.arrow". Counts: by split and reason, moved, overruled_labels, ...
type SplitInput struct {
	Articles Ref         `json:"articles"`
	Links    Ref         `json:"links"`
	Texts    *Ref        `json:"texts,omitempty"` // NearDuplicates; a run that began before there was that stage has none
	Params   SplitParams `json:"params"`
	Seed     uint64      `json:"seed"`
	Earlier  *Ref        `json:"earlier,omitempty"` // Splits of the catalogue entry before: whoever was in train stays there
}

// ExportInput: unit = source language, and "README.md". Files out: "<source>-<target>_<train|val|test>.jsonl" and the same
// rows in "parquet/<source>-<target>/<train|validation|test>.parquet"; "README.md", the data card by which Hugging Face
// `datasets` loads them. Counts: samples, files.
type ExportInput struct {
	Articles Ref    `json:"articles"`
	Ingested Ref    `json:"ingested"` // of Ingest or Merge: what the crawl changed
	Links    Ref    `json:"links"`
	Splits   Ref    `json:"splits"`
	Mined    Mined  `json:"mined"`
	Previous string `json:"previous,omitempty"` // digest of the catalogue entry before, which tells what crawls older articles are of
}

// Mined is how the pairs of a data set were found, as resolved for the run: what its data card states.
type Mined struct {
	Crawl      string        `json:"crawl"` // digest
	Encoder    EncoderParams `json:"encoder"`
	Rule       string        `json:"rule"`
	Threshold  float64       `json:"threshold"`
	Duplicate  float64       `json:"duplicate_threshold"`
	Neighbours int           `json:"neighbours"`
	Split      SplitParams   `json:"split"`
	Seed       uint64        `json:"seed"`
}

// TokenizeInput: unit = language. Files out: "tokens.arrow", row for row the articles as a summarizer reads them. Counts: articles,
// source_tokens, label_tokens, sentinels_in_sources (start tokens of languages that texts spell out), dropped_from_labels.
type TokenizeInput struct {
	Articles   Ref    `json:"articles"`
	Summarizer string `json:"summarizer"` // whose vocabulary is asked
	Source     int    `json:"source_tokens"`
	Target     int    `json:"target_tokens"`
	Numerics   string `json:"numerics"` // of the engine that does it; changes no id
	// What is going to be trained on the ids, but for them: what can be known to stop it ends the look-up. It changes no id.
	Training *TrainInput `json:"training,omitempty"`
}

// MiniBatch is a count of Train: the samples of a mini-batch, where no pair had as many as the parameters ask for. Absent: as they ask.
const MiniBatch = "mini_batch"

// NotReproducibleSince is a count of Train: the first step whose bytes another run of the same input would not have, because an
// attempt ran out of memory or lost a rank and the next went on with a smaller micro-batch, or fewer ranks. Absent: there is none.
const NotReproducibleSince = "not_bit_reproducible_since_step"

// TrainedOnFile is the name of the record of what a model was trained on (TrainedOnRow) in a model's directory.
const TrainedOnFile = "trained_on.arrow"

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
// PipelineResult's).
type ReportInput struct {
	Run       string          `json:"run"` // workflow id
	Params    Params          `json:"params"`
	Scanned   Scanned         `json:"scanned"`
	Stages    []StageProgress `json:"stages"`
	Made      Refs            `json:"made"`
	Rule      string          `json:"rule"`
	Threshold float64         `json:"threshold"`
	Warnings  []string        `json:"warnings,omitempty"` // about thresholds
}

// LayOutInput asks for the folder of a run: what it made, by hard links under names for people, and manifest.json.
type LayOutInput struct {
	ReportInput
	Catalogue *Entry `json:"catalogue,omitempty"` // the ledger's entry that a Realign run ended with
}

// LaidOut is where the results of a run lie, and the figures of its report, if it has one.
type LaidOut struct {
	Folder  string             `json:"folder"`         // data/runs/<workflow id>
	Page    string             `json:"page,omitempty"` // path of report.html or calibration.html
	Figures map[string]float64 `json:"figures,omitempty"`
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
