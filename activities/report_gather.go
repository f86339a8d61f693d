package activities

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/metric"
	"crosssum/internal/evaluation/report"
	"crosssum/internal/fault"
	"crosssum/internal/mining/gold"
	"crosssum/schemas"
)

// gather reads what the page shows. A stage that did not run, or has no rows, leaves its part empty.
func (a *Activities) gather(ctx context.Context, in schemas.ReportInput, progress engine.Report) (report.Data, error) {
	d := report.Data{Run: in.Run, Params: in.Params, Crawl: in.Scanned, Rule: in.Rule, Threshold: in.Threshold, Warnings: in.Warnings, Stages: stagesOf(in)}
	if n := in.Model.Counts[schemas.NotReproducibleSince]; n > 0 {
		d.Warnings = append(slices.Clone(d.Warnings), fmt.Sprintf("the training ran out of memory, or lost a rank, and went on with a smaller micro-batch or "+
			"fewer ranks: from step %d on its last bits are not those of another run with these parameters (model/lessons.json says why)", n))
	}
	if in.Params.Generate.AllowTrained {
		if err := a.gatherContamination(in, &d); err != nil {
			return d, fmt.Errorf("report: contamination: %w", err)
		}
	}
	steps := []struct {
		name string
		read func(context.Context, schemas.ReportInput, *report.Data) error
	}{
		{"articles", a.gatherArticles}, {"languages", a.gatherLanguages}, {"splits", a.gatherSplits}, {"links", a.gatherLinks}, {"alignment", a.gatherAlignment},
		{"training", a.gatherTraining}, {"scores", a.gatherScores}, {"texts", a.gatherTexts},
	}
	for i, step := range steps {
		progress(schemas.Progress{Done: int64(i), Total: int64(len(steps)), Of: "parts"})
		if err := step.read(ctx, in, &d); err != nil {
			return d, fmt.Errorf("report: %s: %w", step.name, err)
		}
		if err := ctx.Err(); err != nil {
			return d, err
		}
	}
	return d, nil
}

// inputs names what went into a stage: counts of the stage that it reads.
var inputs = map[string]struct {
	of    string
	names []string
}{
	"ingest": {"ingest", []string{"read"}}, "identify": {"ingest", []string{"accepted"}}, "screen": {"identify", []string{"rows"}}, "embed": {"screen", []string{"articles"}}, "neighbours": {"embed", []string{"rows"}},
	"link": {"neighbours", []string{"neighbours"}}, "split_dedup": {"screen", []string{"articles"}}, "export": {"split_dedup", []string{"samples"}},
	"tokenize": {"screen", []string{"articles"}},
	"train":    {"split_dedup", []string{"samples_train"}}, "generate": {"split_dedup", []string{"samples_test"}}, "score": {"generate", []string{"samples"}},
}

func stagesOf(in schemas.ReportInput) []report.Stage {
	refs := refsOf(in)
	counts := map[string]map[string]int64{}
	for _, s := range refs {
		counts[s.name] = s.ref.Counts
	}
	pick := func(stage string, names []string) (out []report.Count) {
		for _, name := range names {
			if n, ok := counts[stage][name]; ok {
				out = append(out, report.Count{Name: name, N: n})
			}
		}
		return out
	}
	var out []report.Stage
	for _, s := range refs {
		stage := report.Stage{Name: s.name, State: "done", Unit: s.unit, Units: s.ref.Units, Digest: s.ref.Index}
		if s.ref.Index == "" {
			stage.State = "not run"
		}
		for _, p := range in.Stages {
			if p.Stage == s.name {
				stage.Reused, stage.Seconds = p.Reused, p.Seconds
			}
		}
		from, shown := inputs[s.name], map[string]bool{}
		stage.In = pick(from.of, from.names)
		stage.Out = pick(s.name, report.Outputs[s.name])
		for _, c := range stage.Out {
			shown[c.Name] = true
		}
		for _, c := range stage.In {
			shown[c.Name] = shown[c.Name] || from.of == s.name
		}
		for _, name := range sortedCounts(s.ref.Counts) {
			if !shown[name] {
				stage.Other = append(stage.Other, report.Count{Name: name, N: s.ref.Counts[name]})
			}
		}
		out = append(out, stage)
	}
	return out
}

func sortedCounts(counts map[string]int64) []string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (a *Activities) gatherArticles(_ context.Context, in schemas.ReportInput, d *report.Data) error {
	if in.Ingested.Index == "" {
		return nil
	}
	index, err := a.index(in.Ingested)
	if err != nil {
		return err
	}
	reasons := map[string]int64{}
	for _, u := range index.Units {
		d.Languages = append(d.Languages, report.Language{Name: u.Name, Read: u.Counts["read"], Accepted: u.Counts["accepted"], Rejected: u.Counts["rejected"]})
		if _, ok := u.Files["rejects.arrow"]; !ok {
			continue
		}
		path, err := a.Store.File(u, "rejects.arrow")
		if err != nil {
			return err
		}
		err = arrowfile.Each(path, schemas.Reject, func(r arrowfile.Row) error {
			reasons[arrowfile.Clone(r.Str(2))]++
			return nil
		})
		if err != nil {
			return err
		}
	}
	d.Rejects = largestFirst(reasons)
	return nil
}

func largestFirst(counts map[string]int64) []report.Count {
	var out []report.Count
	for _, name := range sortedCounts(counts) {
		out = append(out, report.Count{Name: name, N: counts[name]})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].N > out[j].N })
	return out
}

func (a *Activities) gatherSplits(_ context.Context, in schemas.ReportInput, d *report.Data) error {
	splits, err := a.pathOf(in.Splits, "splits.arrow")
	if err != nil || splits == "" {
		return err
	}
	place, reasons := map[string]int{}, map[string]int64{}
	for i, l := range d.Languages {
		place[l.Name] = i
	}
	err = arrowfile.Each(splits, schemas.Split, func(r arrowfile.Row) error {
		reasons[r.Str(3)+", "+r.Str(4)]++
		if i, ok := place[r.Str(0)]; ok {
			l := &d.Languages[i]
			switch r.Str(3) {
			case "train":
				l.Train++
			case "val":
				l.Val++
			case "test":
				l.Test++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.Splits = largestFirst(reasons)
	samples, err := a.pathOf(in.Splits, "samples.arrow")
	if err != nil || samples == "" {
		return err
	}
	pairs := map[[2]string]*report.PairSize{}
	err = arrowfile.Each(samples, schemas.Sample, func(r arrowfile.Row) error {
		pair, ok := pairs[[2]string{r.Str(0), r.Str(2)}]
		if !ok {
			source, target := arrowfile.Clone(r.Str(0)), arrowfile.Clone(r.Str(2))
			pair = &report.PairSize{Source: source, Target: target}
			pairs[[2]string{source, target}] = pair
		}
		pair.Samples++
		switch r.Str(4) {
		case "train":
			pair.Train++
		case "test":
			pair.Test++
		}
		return nil
	})
	for _, p := range pairs {
		d.Pairs = append(d.Pairs, *p)
	}
	sort.Slice(d.Pairs, func(i, j int) bool {
		x, y := d.Pairs[i], d.Pairs[j]
		return x.Source < y.Source || x.Source == y.Source && x.Target < y.Target
	})
	return err
}

func (a *Activities) gatherLinks(_ context.Context, in schemas.ReportInput, d *report.Data) error {
	_, err := a.readObject(in.Links, "histogram.json", &d.Histogram)
	if err != nil {
		return err
	}
	for _, e := range d.Histogram.Above {
		d.Above = append(d.Above, report.NearPair{Example: e})
	}
	for _, e := range d.Histogram.Below {
		d.Below = append(d.Below, report.NearPair{Example: e})
	}
	for _, name := range sortedCounts(in.Links.Counts) {
		d.Linked = append(d.Linked, report.Count{Name: name, N: in.Links.Counts[name]})
	}
	path, err := a.pathOf(in.Links, "duplicates.arrow")
	if err != nil || path == "" {
		return err
	}
	place := map[string]int{}
	for i, h := range d.Hygiene {
		place[h.Name] = i
	}
	return arrowfile.Each(path, schemas.Duplicate, func(r arrowfile.Row) error {
		if i, ok := place[r.Str(0)]; ok {
			d.Hygiene[i].Duplicates++
		}
		return nil
	})
}

func (a *Activities) gatherAlignment(_ context.Context, in schemas.ReportInput, d *report.Data) error {
	pairs, err := a.pathOf(in.Links, "pairs.arrow")
	if err != nil || pairs == "" || in.Scanned.Gold == "" || in.Articles.Index == "" {
		return err
	}
	truth, err := a.Store.Path(in.Scanned.Gold)
	if err != nil {
		return err
	}
	articles := in.Ingested // what was set aside is missed
	if in.Articles.Counts["moved_in"] > 0 {
		articles = in.Articles // a moved article is another one
	}
	units, paths, _, err := a.files(articles, "articles.arrow")
	if err != nil {
		return err
	}
	var languages []string
	for _, u := range units {
		languages = append(languages, u.Name)
	}
	result, err := gold.Score(gold.Input{Languages: languages, Articles: paths, Pairs: pairs, Gold: truth})
	if typed := (*fault.Error)(nil); errors.As(err, &typed) && typed.Type == schemas.InvalidInput {
		d.Warnings = append(slices.Clip(d.Warnings), fmt.Sprintf("the alignment was not scored: crawl %s: %v", in.Scanned.Crawl, err))
		return nil
	}
	d.Alignment = &result
	return err
}

func (a *Activities) gatherTraining(_ context.Context, in schemas.ReportInput, d *report.Data) (err error) {
	if d.Training, err = journal[report.Step](a, in.Model, "metrics.jsonl"); err != nil {
		return err
	}
	d.Validations, err = journal[report.Validation](a, in.Model, "validation.jsonl")
	return err
}

// journal reads a file of JSON lines of a stage's only unit; none if it has no such file.
func journal[Line any](a *Activities, ref schemas.Ref, name string) (all []Line, err error) {
	path, err := a.pathOf(ref, name)
	if err != nil || path == "" {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		var line Line
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", name, n, err)
		}
		all = append(all, line)
	}
	return all, lines.Err()
}

// sampleOutputs is how many generated summaries the page shows in full.
const sampleOutputs = 10

// gatherContamination warns of figures that flatter.
func (a *Activities) gatherContamination(in schemas.ReportInput, d *report.Data) error {
	record, err := a.pathOf(in.Model, schemas.TrainedOnFile)
	if err != nil {
		return err
	}
	c, err := a.contaminationOf(record, in.Splits, in.Articles)
	if c.trained > 0 {
		d.Warnings = append(slices.Clip(d.Warnings), fmt.Sprintf("the model was trained on %d of the %d articles of split test, as generate.allow_trained "+
			"lets it: its figures flatter", c.trained, c.tested))
	}
	return err
}

func (a *Activities) gatherScores(_ context.Context, in schemas.ReportInput, d *report.Data) error {
	var summary metric.Summary
	found, err := a.readObject(in.Scores, "summary.json", &summary)
	if err != nil || !found {
		return err
	}
	d.Scores = &summary
	path, err := a.pathOf(in.Scores, "scores.arrow")
	if err != nil || path == "" {
		return err
	}
	var rows []metric.Row
	err = arrowfile.Each(path, schemas.ScoreRow, func(r arrowfile.Row) error {
		s := func(f int) string { return arrowfile.Clone(r.Str(f)) }
		rows = append(rows, metric.Row{SourceLanguage: s(0), SourceID: s(1), TargetLanguage: s(2), TargetID: s(3), Generated: s(4), Reference: s(5), Lead: s(6),
			Figures: metric.Figures{Rouge2: r.Float(8), LaSE: r.Float(10)}})
		return nil
	})
	d.Samples = chooseSamples(rows, in.Params.Seed)
	if err != nil || in.Generations.Index == "" {
		return err
	}
	generations, err := a.index(in.Generations)
	for _, u := range generations.Units {
		if n := u.Counts["not_generated"]; n > 0 {
			d.NotGenerated = append(d.NotGenerated, report.Missed{Pair: u.Name, Generated: u.Counts["samples"], NotGenerated: n})
		}
	}
	return err
}
