package activities

import (
	"context"
	"encoding/json"
	"os"
	"slices"

	"crosssum/internal/artifact/store"
	"crosssum/internal/crawl/catalogue"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// merge brings the articles of a crawl into those of the catalogue before it, language by language.
var mergeDefinition = definition[schemas.MergeInput]{stage: schemas.Merge, plan: planMerge, run: runMerge}

// mergedASecond is a guess for the length of work items: bytes of packed articles, read and written.
const mergedASecond = 20 << 20

// mergeMaterial is all that the merged articles of a language depend on. Of a language that the crawl has no files of it is
// the articles alone, so that every later crawl without it finds this unit again.
type mergeMaterial struct {
	Language  string `json:"language"`
	Previous  string `json:"previous,omitempty"` // digests
	Articles  string `json:"articles,omitempty"`
	Deletions string `json:"deletions,omitempty"`
	Mode      string `json:"mode,omitempty"`
}

// asDelta is the mode of a language of a snapshot of which a file failed: what that file holds is not known, so nothing is
// withdrawn for its sake.
const asDelta = "snapshot as delta"

// mergeSides are the units of one language: nil where it has none.
type mergeSides struct{ previous, crawl *schemas.Unit }

// sides reads both indices. A language of which neither has a row is left out.
func (a *Activities) sides(in schemas.MergeInput) (map[string]mergeSides, error) {
	if in.Mode != schemas.ModeDelta && in.Mode != schemas.ModeSnapshot {
		return nil, fault.New(schemas.InvalidInput, "merge: mode %q is neither delta nor snapshot", in.Mode)
	}
	sides := map[string]mergeSides{}
	if in.Previous != nil {
		index, err := a.Store.Index(*in.Previous)
		if err != nil {
			return nil, err
		}
		for _, u := range index.Units {
			if u.Counts["articles"] > 0 {
				sides[u.Name] = mergeSides{previous: &u}
			}
		}
	}
	index, err := a.Store.Index(in.Ingested)
	if err != nil {
		return nil, err
	}
	for _, u := range index.Units {
		if before := sides[u.Name].previous; before != nil || u.Counts["accepted"]+u.Counts["deleted"] > 0 {
			sides[u.Name] = mergeSides{before, &u}
		}
	}
	return sides, nil
}

func planMerge(_ context.Context, a *Activities, in schemas.MergeInput) ([]unit, error) {
	sides, err := a.sides(in)
	if err != nil {
		return nil, err
	}
	var units []unit
	for language, s := range sides {
		m := mergeMaterial{Language: language}
		var bytes int64
		if s.previous != nil {
			f := s.previous.Files["articles.arrow"]
			m.Previous, bytes = f.Digest, f.Bytes
		}
		if s.crawl != nil {
			f := s.crawl.Files["articles.arrow"]
			m.Articles, m.Deletions, bytes = f.Digest, s.crawl.Files["deletions.arrow"].Digest, bytes+f.Bytes
			if m.Mode, err = a.modeOf(in, *s.crawl); err != nil {
				return nil, err
			}
		}
		units = append(units, unit{name: language, material: m, seconds: 0.05 + float64(bytes)/mergedASecond})
	}
	return units, nil // which the caller sorts
}

// modeOf is how the rows of one language are taken.
func (a *Activities) modeOf(in schemas.MergeInput, crawl schemas.Unit) (string, error) {
	files, err := a.crawlStates(crawl)
	if in.Mode == schemas.ModeSnapshot && slices.ContainsFunc(files, func(f schemas.CatalogueFile) bool { return f.State == schemas.FileFailed }) {
		return asDelta, err
	}
	return in.Mode, err
}

// crawlStates reads what became of the files of one language.
func (a *Activities) crawlStates(ingested schemas.Unit) ([]schemas.CatalogueFile, error) {
	path, err := a.Store.File(ingested, "files.json")
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var files []schemas.CatalogueFile
	return files, json.Unmarshal(b, &files)
}

func runMerge(ctx context.Context, a *Activities, in schemas.MergeInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	sides, err := a.sides(in)
	if err != nil {
		return nil, err
	}
	s := sides[u.name]
	input := catalogue.Input{Language: u.name}
	if s.previous != nil {
		if input.Previous, err = a.Store.File(*s.previous, "articles.arrow"); err != nil {
			return nil, err
		}
	}
	if s.crawl == nil {
		n := s.previous.Counts["articles"]
		return mergeCounts(catalogue.Counts{Articles: n}, ""), catalogue.Carry(input.Previous, draft.Dir)
	}
	if input.Articles, err = a.Store.File(*s.crawl, "articles.arrow"); err != nil {
		return nil, err
	}
	if input.Deletions, err = a.Store.File(*s.crawl, "deletions.arrow"); err != nil {
		return nil, err
	}
	mode, err := a.modeOf(in, *s.crawl)
	if err != nil {
		return nil, err
	}
	input.Snapshot = mode == schemas.ModeSnapshot
	counts, err := catalogue.Merge(ctx, input, draft.Dir, func(rows int64) {
		report(schemas.Progress{Done: rows, Of: "rows"})
	})
	return mergeCounts(counts, mode), err
}

func mergeCounts(c catalogue.Counts, mode string) map[string]int64 {
	counts := map[string]int64{"articles": c.Articles, "new": c.New, "edited": c.Edited, "unchanged": c.Unchanged,
		"withdrawn": c.Withdrawn, "withdrew_nothing": c.WithdrewNothing, "snapshots_as_deltas": 0}
	if mode == asDelta {
		counts["snapshots_as_deltas"] = 1
	}
	return counts
}
