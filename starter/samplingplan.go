package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/cli"
	"crosssum/internal/mining/split"
	"crosssum/internal/operation/live"
	"crosssum/internal/training/sampling"
	"crosssum/schemas"
)

// samplingPlan prints what a training would see of each pair of languages.
func samplingPlan(_ context.Context, args []string) error {
	set := flags("sampling-plan", "sampling-plan (--run ID | --counts FILE) [--preset paper] [--params FILE] [--steps N] [--top 40]",
		"Prints what a training would draw, before any is run: for each directed pair of languages its training samples, its share of\n"+
			"the mini-batches as multistage sampling's probabilities give it and as the seed draws it, and how often its samples are\n"+
			"seen. The pairs are those of a finished run, or of a file: source<TAB>target<TAB>samples, lines that begin with # left out.\n"+
			"Sampling, alpha, beta, m, mini-batch, steps and seed are the parameters' (train.sampling, ...): of --run those of that run, with what --params\n"+
			"holds over them, unless --preset says otherwise.",
		"./crosssum sampling-plan --counts internal/training/sampling/testdata/pair-counts.tsv --preset paper")
	run := set.String("run", "", "a finished run: its folder under data/runs")
	counts := set.String("counts", "", "a file of counts")
	preset := set.String("preset", "", "demo or paper (default: the run's parameters; of --counts: demo)")
	params := set.String("params", "", "a JSON file of parameters over the run's or the preset's")
	steps := set.Int("steps", 0, "steps of the training (default: the parameters')")
	top := set.Int("top", 40, "print so many of the largest pairs; 0: all")
	open := houseFlags(set)
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	if (*run == "") == (*counts == "") {
		return errors.New("sampling-plan: give one of --run ID and --counts FILE; see ./crosssum sampling-plan --help")
	}
	h, err := open()
	if err != nil {
		return err
	}
	over, err := laid(*params, *preset, "any", "", map[string]any{"languages": []string{}}) // which crawl plays no part, and which of its languages
	if err != nil {
		return err
	}
	var pairs []sampling.Pair
	input, base := []byte(nil), schemas.RawParams("{}")
	if *counts != "" {
		pairs, err = countsOfFile(*counts)
	} else {
		var ran schemas.RawParams
		if pairs, ran, err = countsOfRun(h, *run); *preset == "" {
			base = ran
		}
	}
	if err == nil {
		input, err = merged(base, over)
	}
	if err != nil {
		return err
	}
	p, err := schemas.DecodePipeline(input)
	if err != nil && *params != "" {
		err = fmt.Errorf("%s: %w", *params, err)
	}
	if err != nil {
		return err
	}
	p.Train.Steps = cmp.Or(*steps, p.Train.Steps)
	if fitted := sampling.Fit(pairs, p.Train); fitted.MiniBatch != p.Train.MiniBatch {
		fmt.Println(schemas.Fitted(p.Train.MiniBatch, fitted.MiniBatch))
		p.Train = fitted
	}
	s, err := sampling.New(pairs, p.Train, p.Seed)
	if err != nil {
		return err
	}
	printPlan(os.Stdout, s.Plan(p.Train.Steps), pairs, p, *top)
	return nil
}

// printPlan writes the largest pairs, and what is seen of all.
func printPlan(w io.Writer, plan []sampling.Planned, pairs []sampling.Pair, p schemas.Params, top int) {
	t := p.Train
	setting := strings.TrimSpace(strings.ReplaceAll(t.Setting, "_", " ") + " " + t.Pivot)
	fmt.Fprintf(w, "%s, %s, alpha %g, beta %g: %s steps of %d x %d samples, seed %d; %d of %d pairs in use (the others are outside the setting, native ones left out, or have fewer than %d)\n\n",
		t.Sampling, setting, t.Alpha, t.Beta, live.Thousands(int64(t.Steps)), t.Pairs, t.MiniBatch, p.Seed, len(plan), len(pairs), t.MiniBatch)
	sort.SliceStable(plan, func(a, b int) bool { return plan[a].Samples > plan[b].Samples })
	fmt.Fprintf(w, "%-44s %10s %8s %9s %8s %9s %8s\n", "pair", "samples", "share", "expected", "drawn", "batches", "epochs")
	total, unseen, most := 0, 0, sampling.Planned{}
	for _, q := range plan {
		total += q.Samples
		if q.Batches == 0 {
			unseen++
		}
		if q.Epochs > most.Epochs {
			most = q
		}
	}
	for i, q := range plan {
		if top > 0 && i == top {
			fmt.Fprintf(w, "... and %d smaller pairs (--top 0 prints all)\n", len(plan)-top)
			break
		}
		fmt.Fprintf(w, "%-44s %10s %7.3f%% %8.3f%% %7.3f%% %9s %8.2f\n", q.Source+"-"+q.Target, live.Thousands(int64(q.Samples)),
			100*float64(q.Samples)/float64(total), 100*q.Expected, 100*q.Drawn, live.Thousands(int64(q.Batches)), q.Epochs)
	}
	drawn := int64(t.Steps) * int64(t.Pairs) * int64(t.MiniBatch)
	fmt.Fprintf(w, "\n%s samples drawn from %s: %.2f epochs in all; pairs that are never drawn: %d; the most repeated: %s-%s, %.1f epochs\n",
		live.Thousands(drawn), live.Thousands(int64(total)), float64(drawn)/float64(total), unseen, most.Source, most.Target, most.Epochs)
}

// countsOfFile reads source, target and samples of each line.
func countsOfFile(path string) ([]sampling.Pair, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var pairs []sampling.Pair
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		fields := strings.Split(line, "\t")
		if line == "" || line[0] == '#' || n < 10 && len(pairs) == 0 && len(fields) == 3 && fields[2] == "samples" {
			continue
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s, line %d: %d columns; wanted source, target and samples, separated by tabs", path, n, len(fields))
		}
		samples, err := strconv.Atoi(fields[2])
		if err != nil || samples < 0 {
			return nil, fmt.Errorf("%s, line %d: %q is not a number of samples", path, n, fields[2])
		}
		pairs = append(pairs, sampling.Pair{Source: fields[0], Target: fields[1], Samples: samples})
	}
	return pairs, lines.Err()
}

// merged is one JSON object over another, objects in them too.
func merged(base, over json.RawMessage) (json.RawMessage, error) {
	var below, above map[string]json.RawMessage
	if json.Unmarshal(base, &below) != nil || json.Unmarshal(over, &above) != nil || below == nil || above == nil {
		return over, nil
	}
	for name, value := range above {
		inner, err := merged(below[name], value)
		if err != nil {
			return nil, err
		}
		below[name] = inner
	}
	return json.Marshal(below)
}

// countsOfRun counts the training samples of a finished run, and gives its parameters.
func countsOfRun(h *house, run string) ([]sampling.Pair, schemas.RawParams, error) {
	if !filepath.IsLocal(run) {
		return nil, nil, fmt.Errorf("sampling-plan: --run is the name of a folder in %s", h.config.Runs)
	}
	b, err := os.ReadFile(filepath.Join(h.config.Runs, run, "manifest.json"))
	if errors.Is(err, fs.ErrNotExist) {
		var finished []string
		manifests, _ := filepath.Glob(filepath.Join(h.config.Runs, "*", "manifest.json"))
		for _, path := range manifests {
			finished = append(finished, filepath.Base(filepath.Dir(path)))
		}
		return nil, nil, fmt.Errorf("no finished run %q in %s; %s", run, h.config.Runs, cmp.Or(schemas.Instead(run, finished), "there is none"))
	}
	if err != nil {
		return nil, nil, err
	}
	var manifest struct {
		Params schemas.RawParams        `json:"params"`
		Stages map[string]schemas.Index `json:"stages"`
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		return nil, nil, fmt.Errorf("manifest of run %s: %w", run, err)
	}
	units := manifest.Stages[schemas.SplitDedup.Name].Units
	if len(units) != 1 {
		return nil, nil, fmt.Errorf("manifest of run %s: no samples in it", run)
	}
	objects, err := store.Open(h.config.Store)
	if err != nil {
		return nil, nil, err
	}
	path, err := objects.File(units[0], "samples.arrow")
	if err != nil {
		return nil, nil, err
	}
	counts := map[[2]string]int{}
	err = arrowfile.Each(path, func(row *schemas.SampleRow) error {
		if row.Split == split.Train {
			counts[[2]string{arrowfile.Clone(row.SourceLanguage), arrowfile.Clone(row.TargetLanguage)}]++
		}
		return nil
	})
	var pairs []sampling.Pair
	for _, pair := range slices.SortedFunc(maps.Keys(counts), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		pairs = append(pairs, sampling.Pair{Source: pair[0], Target: pair[1], Samples: counts[pair]})
	}
	return pairs, manifest.Params, err
}
