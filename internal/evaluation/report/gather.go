package report

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/fault"
	"crosssum/internal/mining/gold"
	"crosssum/schemas"
)

// gathering reads what the page shows out of the sealed stages of a run.
type gathering struct {
	store *store.Store
	in    schemas.ReportInput
	Data
}

// Gather reads what the page shows. A stage that did not run, or has no rows, leaves its part empty.
func Gather(ctx context.Context, s *store.Store, in schemas.ReportInput, progress func(schemas.Progress)) (Data, error) {
	if err := in.Params.Report.Check(); err != nil {
		return Data{}, fault.Of(schemas.InvalidInput, err)
	}
	g := &gathering{s, in, Data{Run: in.Run, Params: in.Params, Crawl: in.Scanned, Rule: in.Rule, Threshold: in.Threshold, Warnings: slices.Clone(in.Warnings),
		Stages: stagesOf(in)}}
	if n := schemas.Train.Of(in.Made).Counts[schemas.NotReproducibleSince]; n > 0 {
		g.warn("the training ran out of memory, or lost a rank, and went on with a smaller micro-batch or "+
			"fewer ranks: from step %d on its last bits are not those of another run with these parameters (model/lessons.json says why)", n)
	}
	steps := []struct {
		name string
		read func() error
	}{
		{"articles", g.articles}, {"languages", g.languages}, {"splits", g.splits}, {"links", g.links}, {"alignment", g.alignment},
		{"training", g.training}, {"scores", g.scores}, {"texts", g.texts},
	}
	for i, step := range steps {
		progress(schemas.Progress{Done: int64(i), Total: int64(len(steps)), Of: "parts"})
		if err := step.read(); err != nil {
			return g.Data, fmt.Errorf("report: %s: %w", step.name, err)
		}
		if err := ctx.Err(); err != nil {
			return g.Data, err
		}
	}
	return g.Data, nil
}

func (g *gathering) warn(format string, args ...any) {
	g.Warnings = append(g.Warnings, fmt.Sprintf(format, args...))
}

// first calls f with every row of a file of a stage's first unit; of none if there is no such file.
func first[Row any](g *gathering, ref schemas.Ref, name string, f func(*Row) error) error {
	path, err := g.store.First(ref, name)
	if err != nil || path == "" {
		return err
	}
	return arrowfile.Each(path, f)
}

// each calls f with every row of a unit's file.
func each[Row any](g *gathering, u schemas.Unit, name string, f func(*Row) error) error {
	path, err := g.store.File(u, name)
	if err != nil {
		return err
	}
	return arrowfile.Each(path, f)
}

// units are those of a stage; none if it did not run.
func (g *gathering) units(ref schemas.Ref) ([]schemas.Unit, error) {
	if ref.Index == "" {
		return nil, nil
	}
	index, err := g.store.Index(ref)
	return index.Units, err
}

// byName lists counts by their names.
func byName(counts map[string]int64) (list []Count) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, Count{Name: name, N: counts[name]})
	}
	return list
}

func (g *gathering) alignment() error {
	pairs, err := g.store.First(schemas.Link.Of(g.in.Made), "pairs.arrow")
	if err != nil || pairs == "" || g.in.Scanned.Gold == "" || schemas.Screen.Of(g.in.Made).Index == "" {
		return err
	}
	truth, err := g.store.Path(g.in.Scanned.Gold)
	if err != nil {
		return err
	}
	articles := schemas.Ingest.Of(g.in.Made) // what was set aside is missed
	if schemas.Screen.Of(g.in.Made).Counts["moved_in"] > 0 {
		articles = schemas.Screen.Of(g.in.Made) // a moved article is another one
	}
	units, paths, _, err := g.store.Files(articles, "articles.arrow")
	if err != nil {
		return err
	}
	var languages []string
	for _, u := range units {
		languages = append(languages, u.Name)
	}
	result, err := gold.Score(gold.Input{Languages: languages, Articles: paths, Pairs: pairs, Gold: truth})
	if typed := (*fault.Error)(nil); errors.As(err, &typed) && typed.Type == schemas.InvalidInput {
		g.warn("the alignment was not scored: crawl %s: %v", g.in.Scanned.Crawl, err)
		return nil
	}
	g.Alignment = &result
	return err
}

func (g *gathering) links() error {
	linked := schemas.Link.Of(g.in.Made)
	if _, err := g.store.ReadFirst(linked, "histogram.json", &g.Histogram); err != nil {
		return err
	}
	for _, e := range g.Histogram.Above {
		g.Above = append(g.Above, NearPair{Example: e})
	}
	for _, e := range g.Histogram.Below {
		g.Below = append(g.Below, NearPair{Example: e})
	}
	g.Linked = byName(linked.Counts)
	place := map[string]int{}
	for i, h := range g.Hygiene {
		place[h.Name] = i
	}
	return first(g, linked, "duplicates.arrow", func(r *schemas.DuplicateRow) error {
		if i, ok := place[r.Language]; ok {
			g.Hygiene[i].Duplicates++
		}
		return nil
	})
}

func (g *gathering) training() (err error) {
	if g.Training, err = journal[Step](g.store, schemas.Train.Of(g.in.Made), "metrics.jsonl"); err != nil {
		return err
	}
	g.Validations, err = journal[Validation](g.store, schemas.Train.Of(g.in.Made), "validation.jsonl")
	return err
}

// journal reads a file of JSON lines of a stage's only unit; none if it has no such file.
func journal[Line any](s *store.Store, ref schemas.Ref, name string) (all []Line, err error) {
	path, err := s.First(ref, name)
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
