// Package parameters tests that what takes the parameters of a run and what computes with them agree on every one's range: a value that a
// workflow takes and a stage refuses costs the hours that came before that stage.
package parameters

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/fault"
	"crosssum/schemas"
)

// with are other parameters that a value needs beside it, by path.
type with map[string]any

// parameter says which values are in range and who reads it beside the decoders. Of a number these are both ends, and one below and one above.
type parameter struct {
	in, out []any
	read    string // names of stages
	with    with
}

func whole(read string, low, high int, w with) parameter {
	return parameter{[]any{low, high}, []any{low - 1, high + 1}, read, w}
}

func real(read string, low, high float64, w with) parameter {
	return parameter{[]any{low, high}, []any{math.Nextafter(low, -99), math.Nextafter(high, math.Inf(1))}, read, w}
}

// positive begins behind 0.
func positive(read string, high float64) parameter {
	return parameter{[]any{math.SmallestNonzeroFloat64, high}, []any{0.0, math.Nextafter(high, math.Inf(1))}, read, nil}
}

func oneOf(read string, w with, names ...any) parameter {
	return parameter{names, []any{"none of them"}, read, w}
}

const training = "train rank sampling train.json"

var (
	free   = parameter{} // every value has a meaning, or only a folder or a model can tell
	pivot  = with{"train.pivot": "english"}
	halves = with{"numerics": "native"}

	table = map[string]parameter{
		"preset": oneOf("", with{"crawl": "c"}, "demo", "paper"), "seed": free, "retry": free,
		"crawl":      {[]any{"c", strings.Repeat("c", 256)}, []any{strings.Repeat("c", 257)}, "", nil},
		"crawls":     {[]any{"", "c"}, []any{"a/b"}, "", nil},
		"catalogue":  {[]any{"c", strings.Repeat("c", 64)}, []any{"", strings.Repeat("c", 65), "C"}, "", nil},
		"gold":       {[]any{"", "g"}, []any{"a/b"}, "", nil},
		"precision":  real("", 0.001, 1, nil),
		"languages":  {[]any{[]string{"hindi"}}, []any{[]string{"Hindi"}, []string{"hindi", "hindi"}}, "", nil},
		"numerics":   oneOf("engine", nil, "portable", "native"),
		"summarizer": {[]any{"m"}, []any{""}, "", nil},

		"ingest.max_line_bytes": whole("ingest", 64, 1<<30, nil), "ingest.max_file_bytes": whole("ingest", 64, 1<<44, nil),
		"ingest.max_window_bytes": whole("ingest", 1<<20, 1<<32, nil),
		"ingest.reject_fraction":  real("ingest", 0, 1, nil),

		"screen.misplaced": oneOf("screen", nil, "keep", "set_aside", "move"),
		"screen.letters":   whole("screen", 1, 1<<20, nil), "screen.original_letters": whole("screen", 1, 1<<20, nil),
		"screen.probability": real("screen", 0.5, 1, nil), "screen.own_at_most": real("screen", 0, 0.5, nil),
		"screen.original_probability": real("screen", 0, 1, nil), "screen.template_articles": whole("screen", 2, 1<<20, nil),

		"encoder.name":         {[]any{"e"}, []any{""}, "", nil},
		"encoder.prefix":       {[]any{"", strings.Repeat("p", 256)}, []any{strings.Repeat("p", 257)}, "embed", nil},
		"encoder.max_tokens":   whole("embed", 3, 1<<20, with{"encoder.batch_tokens": 1 << 20}),
		"encoder.batch_tokens": whole("embed", 3, 1<<20, with{"encoder.max_tokens": 3}),

		"align.rule":      oneOf("link calibrate", nil, "evidence", "margin", "agreement", "mutual", "seed", "induced"),
		"align.threshold": real("link", -1, 10, with{"align.rule": "margin"}), "align.duplicate_threshold": real("link calibrate", -1, 2, nil),
		"align.neighbours": whole("link calibrate", 1, 1024, with{"align.keep": 1024}),
		"align.keep":       whole("neighbours", 1, 1024, with{"align.neighbours": 1}), "align.block_rows": whole("neighbours", 1, 1<<20, nil),

		"split.train_percent": whole("split_dedup", 0, 100, with{"split.val_percent": 0, "split.test_percent": rest}),
		"split.val_percent":   whole("split_dedup", 0, 100, with{"split.train_percent": rest, "split.test_percent": 0}),
		"split.test_percent":  whole("split_dedup", 0, 100, with{"split.train_percent": rest, "split.val_percent": 0}),

		"split.large_component_share": positive("split_dedup", 1), "split.near_text_similarity": real("split_dedup near_duplicates", 0.5, 1, nil),
		"split.boilerplate_articles": whole("split_dedup", 1, 250, nil),

		"train.steps": whole(training, 1, 10_000_000, nil), "train.mini_batch": whole(training, 1, 1<<16, nil), "train.pairs": whole(training, 1, 1<<16, nil),
		"train.micro_batch": whole(training, 1, 1<<16, nil), "train.ranks": whole(training, 0, 64, nil),
		"train.alpha": real(training, 0, 10, nil), "train.beta": real(training, 0, 10, nil),
		"train.sampling":     oneOf(training, nil, "coin", "fixed_source", "fixed_target", "unistage"),
		"train.setting":      oneOf(training, pivot, "many_to_one", "one_to_many"),
		"train.pivot":        {[]any{"english"}, []any{""}, training, with{"train.setting": "many_to_one"}},
		"train.native_pairs": free, "train.fit_mini_batch": free, "train.activation_checkpointing": free, "train.start_languages_from_pad": free, "generate.allow_trained": free,
		"train.source_tokens": whole(training+" tokenize generate", 2, 16384, nil), "train.target_tokens": whole(training+" tokenize", 2, 4096, nil),
		"train.learning_rate_scale": positive(training, 1000), "train.warmup_steps": whole(training, 0, 1<<30, nil),
		"train.optimizer":       oneOf(training, with{"train.scale_parameter": false}, "adafactor", "adamw"),
		"train.scale_parameter": {[]any{false}, []any{true}, training, with{"train.optimizer": "adamw"}},
		"train.label_smoothing": real(training, 0, 0.999, nil), "train.weight_decay": real(training, 0, 0.999, nil), "train.dropout": real(training, 0, 0.999, nil),
		"train.gradient_norm":          real(training, 1e-6, 1e6, nil),
		"train.precision":              oneOf(training, halves, "auto", "fp32", "bf16"),
		"train.checkpoint_every_steps": whole(training, 1, 1<<30, nil), "train.keep_checkpoints": whole(training, 1, 1000, nil),
		"train.validate_every_steps": whole(training, 0, 1<<30, nil), "train.validation_samples": whole(training, 1, 1<<20, nil),
		"train.best_by": oneOf(training, nil, "rouge2", "loss"), "train.output": oneOf(training, with{"train.validate_every_steps": 1}, "last", "best"),
		"train.patience": whole(training, 0, 1<<20, with{"train.validate_every_steps": 1}),

		"generate.samples": whole("generate", 0, 1<<30, nil), "generate.largest_pairs": whole("generate", 0, 1<<20, nil),
		"generate.samples_a_pair": whole("generate", 0, 1<<20, nil), "generate.beams": whole("generate", 1, 64, nil),
		"generate.length_penalty": real("generate", -10, 10, nil), "generate.no_repeat_ngram": whole("generate", 0, 64, nil),
		"generate.max_tokens": whole("generate", 2, 4096, nil), "generate.batch_size": whole("generate", 1, 1024, nil),

		"report.low_below": whole("report", 1, 1<<30, with{"report.mid_below": 1 << 30}), "report.mid_below": whole("report", 1, 1<<30, with{"report.low_below": 1}),
	}
)

// rest is what a percentage in range leaves of 100.
const rest = "the rest"

// beside fills in rest for a value.
func (p parameter) beside(value any) with {
	all := with{}
	for path, other := range p.with {
		if percent, _ := value.(int); other == rest {
			other = 100 - min(max(percent, 0), 100)
		}
		all[path] = other
	}
	return all
}

// document is JSON that gives values by path.
func document(values with) []byte {
	tree := map[string]any{}
	for path, value := range values {
		at := tree
		outer, inner, ok := strings.Cut(path, ".")
		if ok {
			if at[outer] == nil {
				at[outer] = map[string]any{}
			}
			at, outer = at[outer].(map[string]any), inner
		}
		at[outer] = value
	}
	raw, err := json.Marshal(tree)
	if err != nil {
		panic(err)
	}
	return raw
}

// paths are the parameters of a struct.
func paths(under string, t reflect.Type) (all []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			all = append(all, paths(under, f.Type)...)
		case f.Type.Kind() == reflect.Struct:
			all = append(all, paths(under+name+".", f.Type)...)
		default:
			all = append(all, under+name)
		}
	}
	return all
}

// decoders are where parameters come in, with what each decodes.
var decoders = map[string]struct {
	parameters []string
	decode     func(raw schemas.RawParams) error
}{
	"Pipeline":  {paths("", reflect.TypeFor[schemas.Params]()), func(raw schemas.RawParams) error { _, err := schemas.DecodePipeline(raw); return err }},
	"Realign":   {paths("", reflect.TypeFor[schemas.RealignParams]()), func(raw schemas.RawParams) error { _, err := schemas.DecodeRealign(raw); return err }},
	"Calibrate": {paths("", reflect.TypeFor[schemas.CalibrateParams]()), func(raw schemas.RawParams) error { _, err := schemas.DecodeCalibrate(raw); return err }},
}

func TestEveryParameterStandsInTheTable(t *testing.T) {
	known := map[string]bool{}
	for name, d := range decoders {
		for _, path := range d.parameters {
			known[path] = true
			if _, ok := table[path]; !ok {
				t.Errorf("%s has a parameter %s: say here what its range is and which stages read it", name, path)
			}
		}
	}
	for path := range table {
		if !known[path] {
			t.Errorf("there is no parameter %s any more", path)
		}
	}
}

// refused is whether an error is of this parameter; other errors are of what a stage lacks here.
func refused(err error, path string) bool {
	return err != nil && (strings.Contains(err.Error(), path+": ") || strings.Contains(err.Error(), path+"["))
}

func TestWhatADecoderTakesEveryStageTakesAndWhatItRefusesEveryStageRefuses(t *testing.T) {
	stages, asked := stages(t), map[string]bool{}
	for path, p := range table {
		for i, value := range slices.Concat(p.in, p.out) {
			given, bad := p.beside(value), i >= len(p.in)
			given[path] = value
			raw := document(given)
			for name, d := range decoders {
				if err := d.decode(raw); slices.Contains(d.parameters, path) && (bad != (err != nil) || bad && !refused(err, "$."+path)) {
					t.Errorf("%s decodes %.120s with %v", name, raw, err)
				}
			}
			params := schemas.Demo()
			if err := json.Unmarshal(raw, &params); err != nil { // whatever the ranges
				t.Fatal(err)
			}
			for _, stage := range strings.Fields(p.read) {
				asked[stage] = true
				err := stages[stage](params)
				var typed *fault.Error
				if refused(err, path) != bad || bad && errors.As(err, &typed) && typed.Type != schemas.InvalidInput {
					t.Errorf("%s answers %.120s with %v", stage, raw, err)
				}
			}
		}
	}
	for stage := range stages {
		if !asked[stage] {
			t.Errorf("no parameter is asked of %s", stage)
		}
	}
}

func decoded(raw string) error {
	_, err := schemas.DecodePipeline(schemas.RawParams(raw))
	return err
}

func TestABatchThatGenerationRefusesIsRefusedBeforeTheTraining(t *testing.T) {
	for raw, want := range map[string]string{"1024": "", "1025": "$.generate.batch_size: 1025 is not in 1..1024", "4096": "$.generate.batch_size: 4096 is not in"} {
		err := decoded(`{"generate": {"batch_size": ` + raw + `}}`)
		if (err != nil) != (want != "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestAShareOfNoComponentIsRefusedBeforeTheAlignment(t *testing.T) {
	for raw, want := range map[string]string{"1e-9": "", "1": "", "0": "$.split.large_component_share: 0 must be above 0 and at most 1"} {
		err := decoded(`{"split": {"large_component_share": ` + raw + `}}`)
		if (err != nil) != (want != "") || err != nil && !strings.HasPrefix(err.Error(), want+": give another") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
