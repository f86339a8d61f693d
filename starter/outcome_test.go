package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
)

func TestAFailedRunSaysItsTypeAndReasonInOneBreath(t *testing.T) {
	root := temporal.NewNonRetryableApplicationError("no config.json in models/small", schemas.MissingModel,
		temporal.NewApplicationError("no config.json in models/small", "Error"))
	for _, err := range []error{root, fmt.Errorf("workflow execution error: %w", root), temporal.NewApplicationErrorWithCause("wrapped", "wrapError", root)} {
		var out bytes.Buffer
		explain(&out, err, "")
		if got := out.String(); !strings.Contains(got, "The run failed: MissingModel\n  no config.json in models/small\n") {
			t.Errorf("%q", got)
		}
	}
}

func TestFlagsGoOverTheFileAndTheFileOverThePreset(t *testing.T) {
	raw, p, err := parameters("", "demo", "mine", "english, hindi")
	if err != nil {
		t.Fatal(err)
	}
	if p.Crawl != "mine" || strings.Join(p.Languages, " ") != "english hindi" || p.Train.Steps != schemas.Demo().Train.Steps {
		t.Errorf("resolved %+v", p)
	}
	if want := `{"crawl":"mine","languages":["english","hindi"],"preset":"demo"}`; string(raw) != want {
		t.Errorf("input %s, want %s", raw, want)
	}
	if _, _, err := parameters("", "huge", "", ""); err == nil || !strings.Contains(err.Error(), "preset") {
		t.Errorf("an unknown preset gives %v", err)
	}
}

func TestHelpListsACommandsOwnFlagsAndNamesTheSettingsThatAllHave(t *testing.T) {
	out := captured(t, func() { dispatch(t.Context(), []string{"schedule", "create", "--help"}) })
	own, settings, found := strings.Cut(out, "In place of what temporal.yaml says: ")
	if !found || !strings.Contains(settings, "--address, --config, ") {
		t.Errorf("the settings are not named:\n%s", out)
	}
	for _, want := range []string{"\n  --cron string ", "(default main)", "(default 720h0m0s)", "--retry "} {
		if !strings.Contains(own, want) {
			t.Errorf("lacks %q:\n%s", want, own)
		}
	}
	if strings.Contains(own, "--store") {
		t.Errorf("a setting stands among the command's own flags:\n%s", own)
	}
}

func TestEveryCommandHelpsWithAnExample(t *testing.T) {
	for _, c := range commands() {
		if testing.Short() && slices.Contains([]string{"tokenize", "encode", "align", "train", "loss", "fetch-corpus", "make-sample"}, c.name) {
			t.Logf("NOT RUN in short: the help of %s, which another program prints", c.name)
			continue
		}
		out := captured(t, func() {
			if code := dispatch(t.Context(), []string{c.name, "--help"}); code != 0 {
				t.Errorf("%s --help ends with %d", c.name, code)
			}
		})
		if !strings.Contains(out, "Usage: ./crosssum "+c.name) {
			t.Errorf("%s --help says no usage:\n%s", c.name, out)
		}
		if _, example, _ := strings.Cut(out, "\nExample: "); !strings.Contains(example, "./crosssum "+c.name) {
			t.Errorf("%s --help shows no example:\n%s", c.name, out)
		}
	}
}
