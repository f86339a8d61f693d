package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/artifact/store"
	"crosssum/internal/crawl"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

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
	Encoding string `json:"encoding"` // ".jsonl", ".gz", ".bz2", ".xz", ".zst"
	Digest   string `json:"digest"`
}

// ingesting reads the files of a language into articles and quarantine.
type ingesting struct {
	*Activities
	in    schemas.IngestInput
	files map[string][]schemas.CrawlFile // by language
}

func openIngest(o *opening, in schemas.IngestInput) work {
	w := ingesting{o.Activities, in, map[string][]schemas.CrawlFile{}}
	var all []schemas.CrawlFile
	o.err = o.Store.GetJSON(in.Scanned.Files, &all)
	for _, f := range all {
		w.files[f.Language] = append(w.files[f.Language], f)
	}
	return w
}

func (w ingesting) units() (units []schemas.WorkUnit, err error) {
	for language, files := range w.files {
		var bytes int64
		for _, f := range files {
			bytes += f.Bytes
		}
		units = append(units, schemas.WorkUnit{Name: language, Seconds: 0.1 + float64(bytes)/packedBytesASecond})
	}
	return units, nil
}

func (w ingesting) material(language string) any {
	m := ingestMaterial{Language: language, Params: w.in.Params, Tolerant: w.in.Tolerant}
	for _, f := range w.files[language] {
		m.Files = append(m.Files, ingestFile{f.Split, filepath.Ext(f.Path), f.Digest})
	}
	return m
}

func (w ingesting) run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	folder, err := crawl.Open(w.CrawlRoots, w.in.Scanned.Crawl)
	if err != nil {
		return nil, permanent(err)
	}
	defer folder.Close()
	scratch, remove, err := crawl.Scratch(filepath.Dir(draft.Dir))
	if err != nil {
		return nil, err
	}
	defer remove()
	ingested, err := crawl.Ingest(ctx, folder, w.files[u.Name], w.in.Params, w.in.Tolerant, draft.Dir, scratch, func(rows int64) {
		report(schemas.Progress{Done: rows, Of: "rows"})
	})
	return ingested.Counts(), permanent(err)
}
