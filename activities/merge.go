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
type mergeSides struct {
	previous, crawl *schemas.Unit
	mode            string // how the crawl's rows are taken
}

// merging brings the articles of a crawl into those of the catalogue before it, language by language.
type merging struct {
	*Activities
	sides map[string]mergeSides // by language
}

// openMerge reads both indices. A language of which neither has a row is left out.
func openMerge(o *opening, in schemas.MergeInput) work {
	if in.Mode != schemas.ModeDelta && in.Mode != schemas.ModeSnapshot {
		o.err = fault.New(schemas.InvalidInput, "merge: mode %q is neither delta nor snapshot", in.Mode)
	}
	w := merging{o.Activities, map[string]mergeSides{}}
	if in.Previous != nil {
		for _, u := range o.units(*in.Previous) {
			if u.Counts["articles"] > 0 {
				w.sides[u.Name] = mergeSides{previous: &u}
			}
		}
	}
	for _, u := range o.units(in.Ingested) {
		if before := w.sides[u.Name].previous; before != nil || u.Counts["accepted"]+u.Counts["deleted"] > 0 {
			w.sides[u.Name] = mergeSides{before, &u, got(o, func() (string, error) { return o.modeOf(in, u) })}
		}
	}
	return w
}

func (w merging) units() (units []schemas.WorkUnit, err error) {
	for language, s := range w.sides {
		var bytes int64
		for _, u := range []*schemas.Unit{s.previous, s.crawl} {
			if u != nil {
				bytes += u.Files["articles.arrow"].Bytes
			}
		}
		units = append(units, schemas.WorkUnit{Name: language, Seconds: 0.05 + float64(bytes)/mergedASecond})
	}
	return units, nil
}

func (w merging) material(language string) any {
	s := w.sides[language]
	m := mergeMaterial{Language: language, Mode: s.mode}
	if s.previous != nil {
		m.Previous = s.previous.Files["articles.arrow"].Digest
	}
	if s.crawl != nil {
		m.Articles, m.Deletions = s.crawl.Files["articles.arrow"].Digest, s.crawl.Files["deletions.arrow"].Digest
	}
	return m
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
	err = json.Unmarshal(b, &files)
	return files, err
}

func (w merging) run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	s, o := w.sides[u.Name], &opening{Activities: w.Activities}
	input := catalogue.Input{Language: u.Name, Snapshot: s.mode == schemas.ModeSnapshot}
	if s.previous != nil {
		input.Previous = o.file(*s.previous, "articles.arrow")
	}
	if s.crawl != nil {
		input.Articles, input.Deletions = o.file(*s.crawl, "articles.arrow"), o.file(*s.crawl, "deletions.arrow")
	}
	if o.err != nil {
		return nil, o.err
	}
	if s.crawl == nil {
		return mergeCounts(catalogue.Counts{Articles: s.previous.Counts["articles"]}, ""), catalogue.Carry(input.Previous, draft.Dir)
	}
	counts, err := catalogue.Merge(ctx, input, draft.Dir, func(rows int64) {
		report(schemas.Progress{Done: rows, Of: "rows"})
	})
	return mergeCounts(counts, s.mode), err
}

func mergeCounts(c catalogue.Counts, mode string) map[string]int64 {
	counts := map[string]int64{"articles": c.Articles, "new": c.New, "edited": c.Edited, "unchanged": c.Unchanged,
		"withdrawn": c.Withdrawn, "withdrew_nothing": c.WithdrewNothing, "snapshots_as_deltas": 0}
	if mode == asDelta {
		counts["snapshots_as_deltas"] = 1
	}
	return counts
}
