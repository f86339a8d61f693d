package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/crawl"
	"crosssum/internal/testkit/programs"
	"crosssum/schemas"
)

func TestCheckSaysWhatBecomesOfAMiniBatchThatNoPairOfTheCrawlCanHave(t *testing.T) {
	for _, c := range []struct {
		accepted []int64
		change   func(*schemas.TrainParams)
		says     string
		refuses  string
	}{
		{[]int64{40, 40}, nil, "", ""},
		{[]int64{17, 20}, nil, "at best, train.mini_batch is 16 in place of 32", ""},
		{[]int64{900, 7, 3}, nil, "at best, train.mini_batch is 4 in place of 32", ""},
		{[]int64{17, 20}, func(p *schemas.TrainParams) { p.MiniBatch = 17 }, "", ""},
		{[]int64{17, 20}, func(p *schemas.TrainParams) { p.FitMiniBatch = false }, "", `lower train.mini_batch: {"train": {"mini_batch": 16}}`},
		{[]int64{900}, nil, "", `{"train": {"native_pairs": true}}`},
		{[]int64{900}, func(p *schemas.TrainParams) { p.NativePairs = true }, "", ""},
	} {
		p, found := schemas.Paper().Train, crawl.Checked{}
		if c.change != nil {
			c.change(&p)
		}
		for i, n := range c.accepted {
			found.Languages = append(found.Languages, crawl.CheckedLanguage{Language: fmt.Sprint("l", i), Accepted: n})
		}
		says, err := smallData(found, p)
		if !strings.HasPrefix(says, c.says) || (says == "") != (c.says == "") || (err == nil) != (c.refuses == "") || err != nil && !strings.Contains(err.Error(), c.refuses) {
			t.Errorf("%v: %q, %v", c.accepted, says, err)
		}
	}
}

// TestCheckAndDoctorLookAtModelsAsARunDoes: with the real engine.
func TestCheckAndDoctorLookAtModelsAsARunDoes(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT RUN: --quick leaves out what wants the engine, which links native code")
	}
	root, program := programs.Root(t), programs.Path(t, "starter")
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, language := range []string{"english", "german"} {
		rows := ""
		for i := range 20 {
			rows += fmt.Sprintf(`{"id": "%d", "url": "u", "title": "t", "summary": "summary %d of %s", "text": "text %d"}`+"\n", i, i, language, i)
		}
		write("small/"+language+".jsonl", rows)
	}
	broken := filepath.Join(dir, "broken")
	if err := os.CopyFS(broken, os.DirFS(filepath.Join(root, "models/crosssum-small"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(broken, "model.safetensors"), 1<<20); err != nil {
		t.Fatal(err)
	}
	small, engine := filepath.Join(dir, "small"), "CROSSSUM_ENGINE="+programs.Path(t, "engine")
	for _, c := range []struct {
		args  []string
		fails bool
		wants []string
	}{
		{[]string{"check", "--crawl", small, "--preset", "demo"}, false, []string{"summarizer ", "encoder ", "classifier ", "at best, train.mini_batch is 16 in place of 32", "A run would take it"}},
		{[]string{"check", "--crawl", small, "--preset", "paper"}, true, []string{"a run would refuse this: model \"LaBSE\""}},
		{[]string{"check", "--crawl", small, "--params", write("p.json", `{"summarizer": "crosssum-smal"}`)}, true, []string{`a run would refuse this: model "crosssum-smal"`}},
		{[]string{"check", "--crawl", small, "--params", write("q.json", `{"train": {"fit_mini_batch": false}}`)}, true, []string{"lower train.mini_batch: "}},
		{[]string{"check", "--crawl", small, "--params", write("r.json", `{"align": {"rule": "seed"}}`)}, true, []string{"has no threshold for the rule", "--params"}},
		{[]string{"check", "--crawl", small}, false, []string{"A run would take it"}},
		{[]string{"doctor", "--model", filepath.Join(root, "models/crosssum-small")}, false, []string{"summarizer ", "start tokens of"}},
		{[]string{"doctor", "--model", filepath.Join(root, "build/models/multilingual-e5-small")}, false, []string{"vectors of 384, at most 512 tokens"}},
		{[]string{"doctor", "--model", broken}, true, []string{"cut off"}},
		{[]string{"doctor", "--model", dir}, true, []string{"is no model that can be used"}},
	} {
		run := exec.Command(program, c.args...)
		run.Dir, run.Env = root, append(os.Environ(), engine)
		out, err := run.CombinedOutput()
		if (err != nil) != c.fails {
			t.Errorf("%v ended with %v\n%s", c.args, err, out)
		}
		for _, want := range c.wants {
			if !strings.Contains(string(out), want) {
				t.Errorf("%v lacks %q\n%s", c.args, want, out)
			}
		}
	}
}
