package schemas_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"crosssum/schemas"
)

func TestNothingAndAnEmptyObjectMeanTheDemo(t *testing.T) {
	for _, raw := range []string{"", " ", "null", "{}", `{"preset":"demo"}`} {
		p, err := schemas.DecodePipeline(schemas.RawParams(raw))
		if err != nil || !reflect.DeepEqual(p, schemas.Demo()) {
			t.Errorf("%q: %+v, %v", raw, p, err)
		}
	}
}

func TestWhatIsGivenReplacesThePresetAndNothingElseDoes(t *testing.T) {
	p, err := schemas.DecodePipeline(schemas.RawParams(`{"preset": "paper", "crawl": "week-12", "languages": ["hindi", "english"],
		"train": {"steps": 7, "native_pairs": true, "dropout": 0}, "align": {"threshold": 0.7437}}`))
	if err != nil {
		t.Fatal(err)
	}
	want, threshold := schemas.Paper(), 0.7437
	want.Crawl, want.Languages, want.Align.Threshold = "week-12", []string{"hindi", "english"}, &threshold
	want.Train.Steps, want.Train.NativePairs, want.Train.Dropout = 7, true, 0 // zero is given, not absent
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
}

func TestResolvedParametersDecodeToThemselves(t *testing.T) {
	for name, preset := range schemas.Presets {
		want := preset()
		want.Crawl, want.Languages = "a-crawl", []string{"english"}
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := schemas.DecodePipeline(b)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestWrongParametersAreNamedByTheirJSONPath(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{`{"train": {"stepps": 1}}`, "$.train.stepps: unknown field; nearest is steps"},
		{`{"train": {"step": 1}}`, "$.train.step: unknown field; nearest are steps, "},
		{`{"train": {"minibatch": 1}}`, "$.train.minibatch: unknown field; nearest is mini_batch"},
		{`{"train": {"leraning_rate_scale": 1}}`, "$.train.leraning_rate_scale: unknown field; nearest is learning_rate_scale"},
		{`{"trian": {}}`, "$.trian: unknown field; nearest is train"},
		{`{"Seed": 1}`, "$.Seed: unknown field; nearest is seed"},
		{`{"steps": 1}`, "$.steps: unknown field; there is $.train.steps"},
		{`{"train": {"max_tokens": 1}}`, "$.train.max_tokens: unknown field; there is $.encoder.max_tokens and $.generate.max_tokens"},
		{`{"train": {"seed": 1}}`, "$.train.seed: unknown field; there is $.seed"},
		{`{"train.step": 1}`, `$.train.step: unknown field; write {"train": {"steps": ...}}`},
		{`{"generate.beams": 1}`, `$.generate.beams: unknown field; write {"generate": {"beams": ...}}`},
		{`{"report": {"zzzzzz": 1}}`, "$.report.zzzzzz: unknown field; there are low_below, mid_below"},
		{`{"crawls": "x"}`, "$.crawls: unknown field"},
		{`{"train": {"steps": "many"}}`, `$.train.steps: wanted a whole number, got "many"`},
		{`{"train": {"steps": 1.5}}`, "$.train.steps: wanted a whole number"},
		{`{"train": {"steps": 1e400}}`, "$.train.steps: wanted a whole number"},
		{`{"train": {"steps": null}}`, "$.train.steps: wanted a whole number, got null"},
		{`{"train": []}`, "$.train: wanted an object"},
		{`{"seed": -1}`, "$.seed: wanted a whole number from 0"},
		{`{"languages": "english"}`, "$.languages: wanted a list"},
		{`{"languages": ["english", 3]}`, "$.languages[1]: wanted a string"},
		{`{"languages": ["en-GB"]}`, `$.languages[0]: unknown language "en-GB": that is a code of english_britain`},
		{`{"languages": ["english", "Hindi"]}`, `$.languages[1]: unknown language "Hindi": nearest are hindi,`},
		{`{"languages": ["English", "Hindi", "de-DE"]}`, `$.languages[0]: unknown language "English": nearest are english`},
		{`{"languages": ["english", "english"]}`, `$.languages[1]: "english" is given twice`},
		{`{"seed": 1, "seed": 2}`, "$.seed: given twice"},
		{`{"preset": "fast"}`, `$.preset: "fast": the presets are`},
		{`{"preset": 3}`, "$.preset: wanted a string"},
		{`{"preset": "paper"}`, "$.crawl: is missing"},
		{`{"train": {"steps": 0}}`, "$.train.steps: 0 is not in 1.."},
		{`{"split": {"train_percent": 90}}`, "$.split: the three percentages sum to 110"},
		{`{"align": {"keep": 2}}`, "$.align.keep: 2 is not in 4..1024"},
		{`{"align": {"rule": "nearest"}}`, `$.align.rule: "nearest" is not one of agreement`},
		{`{"numerics": "fast"}`, "$.numerics:"},
		{`{"screen": {"misplaced": "drop"}}`, `$.screen.misplaced: "drop" is not one of keep, set_aside, move`},
		{`{"screen": {"probability": 0.2}}`, "$.screen.probability: 0.2 is not in 0.5..1"},
		{`[1]`, "$: wanted a JSON object, got a list"},
		{`"{}"`, "$: wanted a JSON object, got a string"},
		{`7`, "$: wanted a JSON object, got a number"},
		{`false`, "$: wanted a JSON object, got a boolean"},
		{`{"seed": 1} x`, "$: not JSON: byte 13: invalid character 'x'"},
		{`{"seed": 1`, "$: not JSON: byte 10: unexpected end"},
	} {
		if _, err := schemas.DecodePipeline(schemas.RawParams(c.raw)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: wanted %s, got %v", c.raw, c.want, err)
		}
	}
}

func TestAParameterOutOfRangeIsToldWithHowToGiveAnother(t *testing.T) {
	for raw, want := range map[string]string{
		`{"train": {"steps": 0}}`:                                  `: give another: {"train": {"steps": 1}} in the file of --params, or in the form's JSON; of ./crosssum train: {"steps": 1}`,
		`{"train": {"dropout": 7}}`:                                `{"train": {"dropout": 0.999}} in the file of --params`,
		`{"train": {"learning_rate_scale":0}}`:                     `{"train": {"learning_rate_scale": 1000}}`,
		`{"align": {"keep": 2}}`:                                   `{"align": {"keep": 4}}`,
		`{"screen": {"misplaced": "drop"}}`:                        `{"screen": {"misplaced": "keep"}}`,
		`{"numerics": "fast"}`:                                     `{"numerics": "portable"} in the file of --params, or in the form's JSON`,
		`{"ingest": {"reject_fraction": -1}}`:                      `{"ingest": {"reject_fraction": 0}}`,
		`{"split": {"train_percent": 90}}`:                         `{"split": {"train_percent":80,"val_percent":10,"test_percent":10}}`,
		`{"train": {"precision": "bf16"}}`:                         `{"numerics": "native"}`,
		`{"train": {"pivot": "english"}}`:                          `{"train": {"pivot": ""}}`,
		`{"train": {"setting": "many_to_one"}}`:                    `{"train": {"pivot": "english"}}`,
		`{"train": {"optimizer": "adamw"}}`:                        `{"train": {"scale_parameter": false}}`,
		`{"train": {"output": "best", "validate_every_steps": 0}}`: `{"train": {"validate_every_steps": 8}}`,
	} {
		if _, err := schemas.DecodePipeline(schemas.RawParams(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: wanted %s, got %v", raw, want, err)
		}
	}
	if _, err := schemas.DecodeTrain(schemas.RawParams(`{"steps": 0}`), schemas.Demo().Train); err == nil || !strings.HasPrefix(err.Error(), "$.steps: 0 is not in") ||
		!strings.Contains(err.Error(), `of ./crosssum train: {"steps": 1}`) {
		t.Error(err)
	}
}

func TestRealignTakesItsOwnParametersAndThoseOfPipeline(t *testing.T) {
	p, err := schemas.DecodeRealign(schemas.RawParams(`{"crawls": "news", "languages": ["hindi"], "align": {"keep": 12}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := schemas.RealignParams{Params: schemas.Demo(), Catalogue: "main", Crawls: "news"}
	want.Crawl, want.Languages, want.Align.Keep = "", []string{"hindi"}, 12
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := schemas.DecodeRealign(b); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("resolved parameters decode to %+v, %v", again, err)
	}
	if paper, err := schemas.DecodeRealign(schemas.RawParams(`{"preset": "paper"}`)); err != nil || paper.Encoder.Name != "LaBSE" {
		t.Errorf("the paper preset wants no crawl here: %+v, %v", paper, err)
	}
}

func TestWrongParametersOfRealignAreNamedByTheirJSONPath(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{`{"catalog": "main"}`, "$.catalog: unknown field; nearest is catalogue"},
		{`{"catalogue": "a/b"}`, `$.catalogue: "a/b":`},
		{`{"catalogue": ".."}`, "$.catalogue:"},
		{`{"catalogue": ""}`, "$.catalogue:"},
		{`{"crawls": "../etc"}`, "$.crawls:"},
		{`{"crawls": "a", "crawl": "b"}`, "$.crawl: and $.crawls are both given"},
		{`{"retry": true}`, "$.retry: is set"},
		{`{"align": {"keep": 2}}`, "$.align.keep: 2 is not in 4..1024"},
		{`{"params": {}}`, "$.params: unknown field"},
	} {
		if _, err := schemas.DecodeRealign(schemas.RawParams(c.raw)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: wanted %s, got %v", c.raw, c.want, err)
		}
	}
}

func TestTheParametersOfATrainingAloneAreNamedAsTheyStandThere(t *testing.T) {
	for raw, want := range map[string]string{
		`{"step": 1}`:               "$.step: unknown field; nearest are steps, ",
		`{"train": {"steps": 500}}`: "$.train: the parameters of a training stand here by themselves",
		`{"seed": 1}`:               "$.seed: unknown field; there are activation_checkpointing, alpha,",
		`{"warmup": 1}`:             "$.warmup: unknown field; nearest is warmup_steps",
	} {
		if _, err := schemas.DecodeTrain(schemas.RawParams(raw), schemas.Demo().Train); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: wanted %s, got %v", raw, want, err)
		}
	}
}
