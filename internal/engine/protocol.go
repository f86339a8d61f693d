// Package engine is the line between pure Go and native code: a child process that is fed one request a line on its
// standard input and answers with events, one JSON object a line, on its standard output.
package engine

import (
	"encoding/json"

	"crosssum/internal/fault"
	"crosssum/schemas"
)

// Ops of the engine. Requests name files by absolute path; outputs are written to paths that do not exist yet.
const (
	OpProfile  = "profile"  // no request -> Profile
	OpEncode   = "encode"   // EncodeRequest -> EncodeResult
	OpClassify = "classify" // ClassifyRequest -> ClassifyResult
	OpSearch   = "search"   // SearchRequest -> SearchResult
	OpTokenize = "tokenize" // TokenizeRequest -> TokenizeResult
	OpTrain    = "train"    // TrainRequest -> TrainResult
	OpGenerate = "generate" // GenerateRequest -> GenerateResult
	OpCheck    = "check"    // CheckRequest -> CheckResult
)

// Request is one line to the engine.
type Request struct {
	ID   int64           `json:"id"`
	Op   string          `json:"op"`
	Args json.RawMessage `json:"args,omitempty"`
}

// Event is one line from the engine: progress until exactly one of Result and Error.
type Event struct {
	ID       int64             `json:"id"`
	Progress *schemas.Progress `json:"progress,omitempty"`
	Result   json.RawMessage   `json:"result,omitempty"`
	Error    *fault.Error      `json:"error,omitempty"`
}

// Report tells how far a request is. Native-side packages call it whenever work was done, at least every few seconds.
type Report func(schemas.Progress)

// Profile is what may change the bytes of native results; it is part of the key of native stages.
type Profile struct {
	Mode           string `json:"mode"`            // "portable" or "native"
	InstructionSet string `json:"instruction_set"` // "avx2", ...
	Threads        int    `json:"threads"`
	Device         string `json:"device"` // "cpu", "cuda:0"
	Libtorch       string `json:"libtorch"`
	FAISS          string `json:"faiss"`
	BLAS           string `json:"blas"`
	Precision      string `json:"precision,omitempty"` // "bf16": of the encoders' linear layers; none: everything is fp32
}

// CheckRequest asks whether models can do what a run will ask of them. Of their weights names, types and shapes are looked at, not the values.
type CheckRequest struct {
	Encoder    string                `json:"encoder,omitempty"` // Hugging Face directory; "": none is checked, nor are others that are empty
	Encoding   schemas.EncoderParams `json:"encoding"`
	Classifier string                `json:"classifier,omitempty"` // fastText .ftz or .bin
	Summarizer string                `json:"summarizer,omitempty"` // Hugging Face directory
	Training   schemas.TrainParams   `json:"training"`
	Targets    []string              `json:"targets,omitempty"` // languages that it is to be trained to write
}

// CheckResult is of models that can.
type CheckResult struct {
	Says    []string `json:"says"`    // what each is, a line
	Remarks []string `json:"remarks"` // what a person may want to know
}

// EncodeRequest embeds column Column of an Arrow file that also has columns language and id.
type EncodeRequest struct {
	Model       string `json:"model"` // Hugging Face directory
	Prefix      string `json:"prefix"`
	MaxTokens   int    `json:"max_tokens"`
	BatchTokens int    `json:"batch_tokens"`
	Input       string `json:"input"`
	Column      string `json:"column"`
	Output      string `json:"output"` // an Arrow file of schemas.EmbeddingRow, row order of Input
}

// EncodeResult counts an encode.
type EncodeResult struct {
	Rows   int64 `json:"rows"`
	Texts  int64 `json:"texts"` // distinct
	Tokens int64 `json:"tokens"`
}

// ClassifyRequest asks for the language of column Column of an Arrow file that also has columns language and id.
type ClassifyRequest struct {
	Model  string `json:"model"` // fastText .ftz or .bin
	Input  string `json:"input"`
	Column string `json:"column"`
	Output string `json:"output"` // an Arrow file of schemas.ClassifiedRow, row order of Input
}

// ClassifyResult counts a classification.
type ClassifyResult struct {
	Rows int64 `json:"rows"`
}

// SearchRequest asks for the Keep nearest neighbours of every row of Source in Target and the reverse. Without a name for
// Backward, Source and Target are one file, in which a row is not its own neighbour.
type SearchRequest struct {
	Source    string         `json:"source"` // schemas.EmbeddingRow
	Target    string         `json:"target"`
	Keep      int            `json:"keep"`
	BlockRows int            `json:"block_rows"` // rows of either side in memory
	Forward   string         `json:"forward"`    // schemas.NeighbourRow
	Backward  string         `json:"backward"`
	Earlier   *EarlierSearch `json:"earlier,omitempty"`
}

// EarlierSearch is the input and output of an earlier search of the same Keep: what still holds of its lists is taken
// over. The result is the same without.
type EarlierSearch struct {
	Source   string `json:"source"`
	Target   string `json:"target"`
	Forward  string `json:"forward"`
	Backward string `json:"backward"`
}

// SearchResult counts a search. Rows and Neighbours depend on the input alone, the others on what was known before.
type SearchResult struct {
	Rows       int64 `json:"rows"`
	Neighbours int64 `json:"neighbours"`
	Searched   int64 `json:"searched"` // rows that were searched in all of the other side, not only in its new rows
	Products   int64 `json:"products"` // pairs of rows that were compared
	Exact      int64 `json:"exact"`    // of these, how many in float64
	// HintIgnored says why Earlier could not be used; empty if it was, or there was none.
	HintIgnored string `json:"hint_ignored,omitempty"`
}

// TokenizeRequest turns the articles of a file into ids of a summarizer's vocabulary.
type TokenizeRequest struct {
	Model        string `json:"model"` // Hugging Face directory
	Input        string `json:"input"` // schemas.ArticleRow
	SourceTokens int    `json:"source_tokens"`
	TargetTokens int    `json:"target_tokens"`
	Output       string `json:"output"` // schemas.TokensRow, row order of Input
}

// TokenizeResult counts ids.
type TokenizeResult struct {
	Articles int64 `json:"articles"`
	Source   int64 `json:"source_tokens"`
	Label    int64 `json:"label_tokens"`
	Spelled  int64 `json:"sentinels_in_sources"` // as SentencePiece says: articles may talk about them
	Dropped  int64 `json:"dropped_from_labels"`
}

// TrainRequest trains Model on one of Samples, Dataset and Batches. Work is a folder that attempts share: the newest valid checkpoint in it
// is where training goes on.
type TrainRequest struct {
	Model   string              `json:"model"`             // Hugging Face directory to start from
	Samples *TrainSamples       `json:"samples,omitempty"` // of a run
	Dataset string              `json:"dataset,omitempty"` // a folder of <source>-<target>_train.jsonl
	Batches string              `json:"batches,omitempty"` // a file: exactly these batches, a JSON list of examples a line
	Params  schemas.TrainParams `json:"params"`
	Seed    uint64              `json:"seed"`
	Work    string              `json:"work"`
	Output  string              `json:"output"` // existing empty folder: a Hugging Face directory and metrics.jsonl
}

// TrainSamples are the files of a run: trained on are the rows of File whose split is "train".
type TrainSamples struct {
	File     string   `json:"file"`             // schemas.SampleRow
	Articles []string `json:"articles"`         // schemas.ArticleRow, a file a language: what is validated on
	Tokens   []string `json:"tokens,omitempty"` // schemas.TokensRow of the articles, cut as Params say; without, they are tokenized into Work
}

// Check refuses a request that does not say what to train on, or says it twice, and parameters out of range.
func (r TrainRequest) Check() error {
	given := 0
	for _, is := range []bool{r.Samples != nil, r.Dataset != "", r.Batches != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		return fault.New(schemas.InvalidInput, "a training takes one of a run's samples, a data set (--data) and a file of batches (--batches), and %d are given", given)
	}
	if err := r.Params.Check(); err != nil {
		return fault.Of(schemas.InvalidInput, err)
	}
	return nil
}

// TrainResult counts a training.
type TrainResult struct {
	Steps       int64   `json:"steps"`
	Samples     int64   `json:"samples"`
	ResumedFrom int64   `json:"resumed_from"` // step; 0 for a fresh start
	Pairs       int64   `json:"pairs"`
	Loss        float64 `json:"loss"` // of the last step
	// NotReproducibleSince is the first step that was not taken as the parameters say, with less memory or fewer ranks; 0: none.
	NotReproducibleSince int64 `json:"not_reproducible_since,omitempty"`
	MiniBatch            int64 `json:"mini_batch,omitempty"` // where it is smaller than the one asked for
	// Notes say what a person may want to know: a corrupt checkpoint passed over, sentinels left out of labels.
	Notes []string `json:"notes,omitempty"`
}

// OpTrainRank is how rank 0 of a training starts the others: RankRequest -> nothing. It ends when it is cancelled.
const OpTrainRank = "train-rank"

// RankRequest makes an engine one of the processes of a training with several. It takes the training's checkpoint of Step, or the
// model where that is 0, and writes no file.
type RankRequest struct {
	TrainRequest
	Rank    int    `json:"rank"`
	Ranks   int    `json:"ranks"`
	Meeting string `json:"meeting"` // the folder by which the ranks find each other
	Run     string `json:"run"`     // what its checkpoints are of
	Step    int    `json:"step"`
}

// StopFile in the folder Meeting asks a rank to end the step that it is in.
const StopFile = "stop"

// GenerateRequest decodes the prompts of Input into their target languages by beam search.
type GenerateRequest struct {
	Model        string                 `json:"model"`
	Input        string                 `json:"input"` // schemas.PromptRow
	SourceTokens int                    `json:"source_tokens"`
	Params       schemas.GenerateParams `json:"params"`
	Output       string                 `json:"output"` // schemas.GenerationRow, row order of Input
}

// GenerateResult counts a generation.
type GenerateResult struct {
	Samples int64 `json:"samples"`
	Tokens  int64 `json:"tokens"`
}
