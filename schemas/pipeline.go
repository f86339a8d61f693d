package schemas

import (
	"maps"
	"slices"
)

// Params are the resolved parameters of a Pipeline run. JSON given by a user is decoded over a preset's Params: what is
// absent keeps the preset's value, an unknown field is an error.
type Params struct {
	Preset     string         `json:"preset"`    // "demo" or "paper"
	Crawl      string         `json:"crawl"`     // name of a crawl folder under a configured crawl root
	Languages  []string       `json:"languages"` // names from languages.tsv; empty: every language of the crawl
	Numerics   string         `json:"numerics"`  // "portable" or "native"
	Seed       uint64         `json:"seed"`
	Ingest     IngestParams   `json:"ingest"`
	Screen     ScreenParams   `json:"screen"`
	Encoder    EncoderParams  `json:"encoder"`
	Align      AlignParams    `json:"align"`
	Split      SplitParams    `json:"split"`
	Summarizer string         `json:"summarizer"` // a model under models/, or a directory under a configured models root
	Train      TrainParams    `json:"train"`
	Generate   GenerateParams `json:"generate"`
	Report     ReportParams   `json:"report"`
}

// IngestParams bound what one row may be.
type IngestParams struct {
	MaxLineBytes   int64   `json:"max_line_bytes"`
	MaxFileBytes   int64   `json:"max_file_bytes"`   // after decompression; of an archive, all its members
	MaxWindowBytes int64   `json:"max_window_bytes"` // of a packed file: how far its packer looked back, and so the memory that unpacking takes
	RejectFraction float64 `json:"reject_fraction"`  // a file with a larger share of rejects fails
}

// Filled are the bounds with the demo's for those that an input does not say which an earlier version wrote.
func (p IngestParams) Filled() IngestParams {
	if p == (IngestParams{}) {
		return Demo().Ingest
	}
	if p.MaxWindowBytes == 0 {
		p.MaxWindowBytes = Demo().Ingest.MaxWindowBytes
	}
	return p
}

// ScreenParams say when a summary counts as not being in its file's language, by the language classifier, and what is done
// with its article.
type ScreenParams struct {
	Misplaced string `json:"misplaced"` // "keep", "set_aside", or "move" to the file of its language
	// Of a text so long that the classifier can be trusted:
	Letters     int     `json:"letters"`     // at least
	Probability float64 `json:"probability"` // of the other language, at least
	OwnAtMost   float64 `json:"own_at_most"` // probability of the file's language
	// Of a text that stands in a file of the other language too, letter by letter:
	OriginalLetters     int     `json:"original_letters"`
	OriginalProbability float64 `json:"original_probability"`

	TemplateArticles int `json:"template_articles"` // a summary that so many articles of a language share counts as a template
}

// EncoderParams choose the sentence encoder.
type EncoderParams struct {
	Name        string `json:"name"`   // a model under the models roots
	Prefix      string `json:"prefix"` // put before every text ("query: " for e5)
	MaxTokens   int    `json:"max_tokens"`
	BatchTokens int    `json:"batch_tokens"` // tokens a batch; each thread takes batches of its own
}

// A Rule is an accepting rule: what it compares its threshold with ("margin", "agreement", which is a margin that other languages have
// raised or lowered, or "cosine"), and what a data card says of it.
type Rule struct{ Measure, Text string }

// Rules are the accepting rules by name. How each chooses stands in internal/mining/link.
var Rules = map[string]Rule{
	"margin":     {"margin", "each is the other's best by margin (cosine over the mean cosine of both sides' nearest neighbours), and the margin reaches the threshold"},
	"agreement":  {"agreement", "each is the other's best by margin (the cosine over the mean cosine of both sides' nearest neighbours), and the margin, raised or lowered by how many other languages agree on the pair, reaches the threshold"},
	EvidenceRule: {"probability", "each is the other's best by all that speaks for the pair (margin of the summaries, rare tokens that both articles share, other languages that agree), and the probability that a logistic regression gives it reaches the one from which the accepted pairs have the wanted precision"},
	"mutual":     {"cosine", "each is the other's nearest neighbour, and their cosine reaches the threshold"},
	"seed":       {"cosine", "one is the other's nearest neighbour, and their cosine reaches the threshold, or a lower one (by 0.069) where the pages share an image or a URL"},
	"induced":    {"cosine", "each is the other's nearest neighbour, and their cosine reaches the threshold, or one lower by 0.10 within a connected component (at most 50 articles; larger ones were cut)"},
}

var ruleNames = slices.Sorted(maps.Keys(Rules))

// AlignParams choose the accepting rule. A null threshold is the one of the encoder's model card.
type AlignParams struct {
	Rule       string   `json:"rule"` // one of Rules
	Threshold  *float64 `json:"threshold"`
	Neighbours int      `json:"neighbours"`          // k of the margin
	Keep       int      `json:"keep"`                // stored neighbours a row, >= k
	Duplicate  *float64 `json:"duplicate_threshold"` // same-language cosine from which two summaries are one
	BlockRows  int      `json:"block_rows"`          // rows of a search block: bounds memory
}

// SplitParams are the shares of hashed components; their sum is 100.
type SplitParams struct {
	Train       int     `json:"train_percent"`
	Val         int     `json:"val_percent"`
	Test        int     `json:"test_percent"`
	LargeShare  float64 `json:"large_component_share"` // a component above this share of the articles goes to train
	NearText    float64 `json:"near_text_similarity"`  // Jaccard similarity of three-word shingles from which two texts of a language go together
	Boilerplate int     `json:"boilerplate_articles"`  // a text that more articles of a language have, or are near, ties nothing and is not tested on
}

// TrainParams are the settings of multistage training (spec: Algorithm 1, Adafactor, inverse square root schedule).
type TrainParams struct {
	Steps          int     `json:"steps"`
	MiniBatch      int     `json:"mini_batch"`               // samples of one pair in a batch
	FitMiniBatch   bool    `json:"fit_mini_batch,omitempty"` // where no pair has so many, a smaller one is taken, and that is told; else it is an error
	Pairs          int     `json:"pairs"`                    // m: pairs drawn a step; batch = pairs * mini_batch
	MicroBatch     int     `json:"micro_batch"`              // samples a forward pass
	Ranks          int     `json:"ranks"`                    // processes that share each batch, one a device; on processors the threads are divided
	Alpha          float64 `json:"alpha"`
	Beta           float64 `json:"beta"`
	Sampling       string  `json:"sampling"` // "coin", "fixed_source", "fixed_target", "unistage"
	Setting        string  `json:"setting"`  // "many_to_many", or "many_to_one" or "one_to_many": only pairs into or out of the pivot
	Pivot          string  `json:"pivot"`    // a language, of the settings with one
	NativePairs    bool    `json:"native_pairs"`
	SourceTokens   int     `json:"source_tokens"`       // with EOS
	TargetTokens   int     `json:"target_tokens"`       // with EOS
	LearningRate   float64 `json:"learning_rate_scale"` // times d_model^-0.5 * min(s^-0.5, s * warmup^-1.5)
	WarmupSteps    int     `json:"warmup_steps"`
	Optimizer      string  `json:"optimizer"`       // "adafactor" (no first moment, no relative step) or "adamw"
	ScaleParameter bool    `json:"scale_parameter"` // a weight's rate is multiplied by max(1e-3, its root mean square): for training from scratch
	LabelSmoothing float64 `json:"label_smoothing"`
	WeightDecay    float64 `json:"weight_decay"`
	GradientNorm   float64 `json:"gradient_norm"`
	Dropout        float64 `json:"dropout"`
	Precision      string  `json:"precision"` // of products: "fp32"; "bf16" (numerics native only); "auto": bf16 where numerics are native and the processor has it, or the device is a GPU
	// ActivationCheckpointing computes activations again going backward: less memory, the same bytes, some third more time.
	ActivationCheckpointing bool `json:"activation_checkpointing"`
	CheckpointEvery         int  `json:"checkpoint_every_steps"`
	KeepCheckpoints         int  `json:"keep_checkpoints"`
	NewLanguages            bool `json:"start_languages_from_pad"` // new target languages start as a copy of the pad row

	ValidateEvery     int    `json:"validate_every_steps"` // loss and ROUGE-2 of samples of split val; 0: never
	ValidationSamples int    `json:"validation_samples"`   // so many, drawn by hash
	BestBy            string `json:"best_by"`              // which validation is the best, and its checkpoint kept: by "rouge2" or "loss"
	Output            string `json:"output"`               // the checkpoint that becomes the model: "last" or "best"
	Patience          int    `json:"patience"`             // training ends after so many validations in a row without a better one; 0: never
}

// GenerateParams are the settings of beam search and of the choice of test samples.
type GenerateParams struct {
	Samples       int     `json:"samples"`        // test samples, chosen by hash; 0: all
	LargestPairs  int     `json:"largest_pairs"`  // each of so many largest pairs ...
	SamplesAPair  int     `json:"samples_a_pair"` // ... gets at least so many samples
	Beams         int     `json:"beams"`
	LengthPenalty float64 `json:"length_penalty"`
	NoRepeatNgram int     `json:"no_repeat_ngram"`
	MaxTokens     int     `json:"max_tokens"`
	BatchSize     int     `json:"batch_size"`    // samples decoded together
	AllowTrained  bool    `json:"allow_trained"` // test on articles that the model was trained on, instead of refusing to
}

// ReportParams bound the classes of pairs by their number of samples.
type ReportParams struct {
	LowBelow int `json:"low_below"`
	MidBelow int `json:"mid_below"`
}

// Paper has the published numbers.
func Paper() Params {
	return Params{
		Preset: "paper", Numerics: "portable", Seed: 1234, Summarizer: "mt5-base",
		Ingest: IngestParams{MaxLineBytes: 4 << 20, MaxFileBytes: 64 << 30, MaxWindowBytes: 512 << 20, RejectFraction: 0.2},
		Screen: ScreenParams{Misplaced: "keep", Letters: 60, Probability: 0.9, OwnAtMost: 0.01, OriginalLetters: 12,
			OriginalProbability: 0.4, TemplateArticles: 3},
		Encoder: EncoderParams{Name: "LaBSE", MaxTokens: 256, BatchTokens: 1024},
		Align:   AlignParams{Rule: "induced", Neighbours: 4, Keep: 8, BlockRows: 16384},
		Split:   SplitParams{Train: 80, Val: 10, Test: 10, LargeShare: 0.02, NearText: 0.8, Boilerplate: 20},
		Train: TrainParams{Steps: 25000, MiniBatch: 32, FitMiniBatch: true, Pairs: 8, MicroBatch: 16, Ranks: 1, Alpha: 0.5, Beta: 0.75, Sampling: "coin", Setting: "many_to_many",
			SourceTokens: 512, TargetTokens: 84, LearningRate: 1, WarmupSteps: 5000, Optimizer: "adafactor", LabelSmoothing: 0.1, WeightDecay: 0.01,
			GradientNorm: 1, Dropout: 0.1, Precision: "auto", CheckpointEvery: 500, KeepCheckpoints: 3, NewLanguages: true,
			ValidateEvery: 1000, ValidationSamples: 200, BestBy: "rouge2", Output: "last"},
		Generate: GenerateParams{Beams: 5, LengthPenalty: 0.6, NoRepeatNgram: 2, MaxTokens: 84, BatchSize: 8},
		Report:   ReportParams{LowBelow: 500, MidBelow: 5000},
	}
}

// Demo is Paper, cut to what two cores do in some minutes, on the shipped corpus and models.
func Demo() Params {
	p := Paper()
	p.Preset, p.Crawl, p.Summarizer, p.Seed = "demo", "sample", "crosssum-small", 42
	p.Encoder = EncoderParams{Name: "multilingual-e5-small", Prefix: "query: ", MaxTokens: 128, BatchTokens: 512}
	p.Align.Rule = EvidenceRule
	p.Train.Steps, p.Train.WarmupSteps, p.Train.Pairs, p.Train.MicroBatch = 80, 8, 2, 32
	p.Train.SourceTokens, p.Train.TargetTokens = 128, 32
	p.Train.CheckpointEvery, p.Train.NativePairs, p.Train.ValidateEvery = 20, true, 0
	p.Train.LearningRate, p.Train.ScaleParameter = 0.03, true // goes on gently where the shipped checkpoint's training ended
	p.Generate.Samples, p.Generate.LargestPairs, p.Generate.SamplesAPair, p.Generate.MaxTokens = 600, 40, 5, 32
	p.Generate.BatchSize = 16
	return p
}
