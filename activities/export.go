package activities

import (
	"context"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/mining/export"
	"crosssum/schemas"
)

// export writes the data set: one unit a source language, with a file of JSON lines and one of Parquet for each directed pair
// and split; and the data card, which makes them a folder that Hugging Face `datasets` loads.
var exportDefinition = definition[schemas.ExportInput]{stage: schemas.Export, open: openExport}

// cardUnit is the unit of the data card; no language has such a name.
const cardUnit = "README.md"

// exportMaterial is all that the files of a source language depend on: any language may be a target.
type exportMaterial struct {
	Source    string            `json:"source"`
	Articles  map[string]string `json:"articles"`            // digests by language
	Languages map[string]string `json:"languages,omitempty"` // of languages.arrow, likewise
	Samples   string            `json:"samples"`
	Splits    string            `json:"splits"`
	Pairs     string            `json:"pairs"`
	Crawls    []crawlChanges    `json:"crawls"`
}

// cardMaterial is all that the data card depends on.
type cardMaterial struct {
	exportMaterial
	Mined   schemas.Mined `json:"mined"`
	Encoder string        `json:"encoder"` // digest
	Words   string        `json:"words"`   // digest
}

// crawlChanges are the digests of a crawl and of what it changed by language.
type crawlChanges struct {
	Crawl   string            `json:"crawl"`
	Changes map[string]string `json:"changes,omitempty"`
}

// rowsASecond is a guess for the length of work items; every unit also reads every language's summaries.
const rowsASecond = 20000

type exporting struct {
	*Activities
	in       schemas.ExportInput
	articles inputs
	every    exportMaterial // of every unit, but for its source
	encoder  model
}

func openExport(o *opening, in schemas.ExportInput) work {
	w := exporting{Activities: o.Activities, in: in, articles: o.inputs(in.Articles, "articles.arrow"), encoder: o.model(in.Mined.Encoder.Name)}
	splits, links := o.only(in.Splits), o.only(in.Links)
	w.every = exportMaterial{Articles: w.articles.byUnit(), Languages: map[string]string{}, Samples: splits.Files["samples.arrow"].Digest,
		Splits: splits.Files["splits.arrow"].Digest, Pairs: links.Files["pairs.arrow"].Digest,
		Crawls: got(o, func() ([]crawlChanges, error) { return o.crawlsOf(in) })}
	for _, u := range w.articles.units {
		if f, ok := u.Files["languages.arrow"]; ok {
			w.every.Languages[u.Name] = f.Digest
		}
	}
	return w
}

func (w exporting) units() (units []schemas.WorkUnit, err error) {
	rows := 0.0
	for _, u := range w.articles.units {
		rows += float64(sizeOf(u))
	}
	for _, u := range w.articles.units {
		units = append(units, schemas.WorkUnit{Name: u.Name, Seconds: 0.05 + rows/rowsASecond})
	}
	return append(units, schemas.WorkUnit{Name: cardUnit, Seconds: 0.5}), nil
}

func (w exporting) material(unit string) any {
	if unit == cardUnit {
		return cardMaterial{w.every, w.in.Mined, w.encoder.Digest, export.CardDigest()}
	}
	m := w.every
	m.Source = unit
	return m
}

// crawlsOf lists the crawls that the articles come from, oldest first: the run's own, or those of the ledger up to it.
func (a *Activities) crawlsOf(in schemas.ExportInput) ([]crawlChanges, error) {
	var crawls []crawlChanges
	crawl, articles, previous := in.Mined.Crawl, in.Ingested, in.Previous
	for {
		c := crawlChanges{Crawl: crawl}
		if previous != "" { // the oldest is the origin of whatever no other changed
			index, err := a.Store.Index(articles)
			if err != nil {
				return nil, err
			}
			c.Changes = map[string]string{}
			for _, u := range index.Units {
				if f, ok := u.Files["changes.arrow"]; ok && u.Counts["new"]+u.Counts["edited"] > 0 {
					c.Changes[u.Name] = f.Digest
				}
			}
		}
		crawls = append([]crawlChanges{c}, crawls...)
		if previous == "" {
			return crawls, nil
		}
		var entry schemas.Catalogue
		if err := a.Store.GetJSON(previous, &entry); err != nil {
			return nil, err
		}
		crawl, articles, previous = entry.Digest, entry.Articles, entry.Previous
	}
}

func (w exporting) run(_ context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	if u.Name == cardUnit {
		return nil, w.dataCard(draft)
	}
	input := export.Input{Source: u.Name}
	var err error
	for digest, to := range map[string]*string{w.every.Samples: &input.Samples, w.every.Splits: &input.Splits, w.every.Pairs: &input.Pairs} {
		if *to, err = w.Store.Path(digest); err != nil {
			return nil, err
		}
	}
	if input.Articles, err = w.paths(w.every.Articles); err != nil {
		return nil, err
	}
	if input.Languages, err = w.paths(w.every.Languages); err != nil {
		return nil, err
	}
	for _, crawl := range w.every.Crawls {
		changes, err := w.paths(crawl.Changes)
		if err != nil {
			return nil, err
		}
		input.Crawls = append(input.Crawls, export.Crawl{Digest: crawl.Crawl, Changes: changes})
	}
	return export.Run(input, draft.Dir, func(done, total int64) {
		report(schemas.Progress{Done: done, Total: total, Of: "rows"})
	})
}

// paths are where objects lie, by the same names.
func (a *Activities) paths(digests map[string]string) (map[string]string, error) {
	paths := map[string]string{}
	for name, digest := range digests {
		path, err := a.Store.Path(digest)
		if err != nil {
			return nil, err
		}
		paths[name] = path
	}
	return paths, nil
}

// dataCard writes the data card.
func (w exporting) dataCard(draft *store.Draft) error {
	m := w.every
	samples, err := w.Store.Path(m.Samples)
	if err != nil {
		return err
	}
	splits, err := w.Store.Path(m.Splits)
	if err != nil {
		return err
	}
	input := export.CardInput{Samples: samples, Splits: splits, Mined: w.in.Mined, Encoder: w.encoder.Digest,
		Digests: map[string]string{"pairs": m.Pairs, "splits": m.Splits, "samples": m.Samples}}
	for _, c := range m.Crawls {
		input.Crawls = append(input.Crawls, c.Crawl)
	}
	for i, u := range w.articles.units {
		input.Articles = append(input.Articles, export.CardArticles{Language: u.Name, Rows: sizeOf(u), Digest: w.articles.digests[i]})
	}
	return export.Card(input, draft.Dir)
}
