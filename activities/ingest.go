package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/artifact/store"
	"crosssum/internal/crawl"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// ingest reads the files of a language into articles and quarantine.
var ingestDefinition = definition[schemas.IngestInput]{stage: schemas.Ingest, plan: planIngest, run: runIngest}

// packedBytesASecond is a guess for the length of work items: compressed crawl text, parsed and sorted on one thread.
const packedBytesASecond = 5 << 20

// ingestMaterial is all that the articles of a language depend on.
type ingestMaterial struct {
	Language string               `json:"language"`
	Files    []ingestFile         `json:"files"`
	Params   schemas.IngestParams `json:"params"`
	Tolerant bool                 `json:"tolerant"`
}

type ingestFile struct {
	Split    string `json:"split"`
	Encoding string `json:"encoding"` // ".jsonl", ".gz", ".zst"
	Digest   string `json:"digest"`
}

func (a *Activities) crawlFiles(scanned schemas.Scanned) (languages []string, files map[string][]schemas.CrawlFile, err error) {
	var all []schemas.CrawlFile
	if err := a.Store.GetJSON(scanned.Files, &all); err != nil {
		return nil, nil, err
	}
	files = map[string][]schemas.CrawlFile{}
	for _, f := range all {
		if files[f.Language] == nil {
			languages = append(languages, f.Language)
		}
		files[f.Language] = append(files[f.Language], f)
	}
	return languages, files, nil
}

func planIngest(_ context.Context, a *Activities, in schemas.IngestInput) ([]unit, error) {
	languages, files, err := a.crawlFiles(in.Scanned)
	if err != nil {
		return nil, err
	}
	var units []unit
	for _, language := range languages {
		m := ingestMaterial{Language: language, Params: in.Params, Tolerant: in.Tolerant}
		var bytes int64
		for _, f := range files[language] {
			m.Files = append(m.Files, ingestFile{f.Split, filepath.Ext(f.Path), f.Digest})
			bytes += f.Bytes
		}
		units = append(units, unit{name: language, material: m, seconds: 0.1 + float64(bytes)/packedBytesASecond})
	}
	return units, nil
}

func runIngest(ctx context.Context, a *Activities, in schemas.IngestInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	_, files, err := a.crawlFiles(in.Scanned)
	if err != nil {
		return nil, err
	}
	folder, err := crawl.Open(a.CrawlRoots, in.Scanned.Crawl)
	if err != nil {
		return nil, permanent(err)
	}
	defer folder.Close()
	scratch, remove, err := crawl.Scratch(filepath.Dir(draft.Dir))
	if err != nil {
		return nil, err
	}
	defer remove()
	limits := crawl.Limits{LineBytes: in.Params.MaxLineBytes, FileBytes: in.Params.MaxFileBytes, RejectFraction: in.Params.RejectFraction}
	if limits.LineBytes <= 0 || limits.FileBytes <= 0 || limits.RejectFraction < 0 {
		return nil, fault.New(schemas.InvalidInput, "ingest: max_line_bytes %d and max_file_bytes %d must be positive, reject_fraction %g not negative",
			limits.LineBytes, limits.FileBytes, limits.RejectFraction)
	}
	ingested, err := crawl.Ingest(ctx, folder, files[u.name], limits, in.Tolerant, draft.Dir, scratch, func(rows int64) {
		report(schemas.Progress{Done: rows, Of: "rows"})
	})
	return ingested.Counts(), permanent(err)
}
