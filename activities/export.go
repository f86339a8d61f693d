package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/mining/export"
	"crosssum/schemas"
)

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

// files are the digests of what is of all languages.
func (m exportMaterial) files() map[string]string {
	return map[string]string{"pairs": m.Pairs, "splits": m.Splits, "samples": m.Samples}
}

// rows changes with whatever the rows of the data set depend on, in whichever files they stand.
func (m exportMaterial) rows() (string, error) {
	b, err := json.Marshal([]any{schemas.Export.Version, m})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
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

// exporting writes the data set: one unit a source language, with a file of JSON lines and one of Parquet for each directed pair
// and split; and the data card, which makes them a folder that Hugging Face `datasets` loads.
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
		Crawls: o.crawlsOf(in)}
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
func (o *opening) crawlsOf(in schemas.ExportInput) (crawls []crawlChanges) {
	crawl, articles, previous := in.Mined.Crawl, in.Ingested, in.Previous
	for previous != "" && o.err == nil {
		changes := map[string]string{}
		for _, u := range o.units(articles) {
			if f, ok := u.Files["changes.arrow"]; ok && u.Counts["new"]+u.Counts["edited"] > 0 {
				changes[u.Name] = f.Digest
			}
		}
		crawls = append(crawls, crawlChanges{crawl, changes})
		var entry schemas.Catalogue
		if o.err == nil {
			o.err = o.Store.GetJSON(previous, &entry)
		}
		crawl, articles, previous = entry.Digest, entry.Articles, entry.Previous
	}
	crawls = append(crawls, crawlChanges{Crawl: crawl}) // the oldest is the origin of whatever no other changed
	slices.Reverse(crawls)
	return crawls
}

func (w exporting) run(_ context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	if u.Name == cardUnit {
		return nil, w.dataCard(draft)
	}
	o := &opening{Activities: w.Activities}
	files := o.paths(w.every.files())
	input := export.Input{Source: u.Name, Samples: files["samples"], Splits: files["splits"], Pairs: files["pairs"],
		Articles: o.paths(w.every.Articles), Languages: o.paths(w.every.Languages)}
	for _, crawl := range w.every.Crawls {
		input.Crawls = append(input.Crawls, export.Crawl{Digest: crawl.Crawl, Changes: o.paths(crawl.Changes)})
	}
	if o.err != nil {
		return nil, o.err
	}
	return export.Run(input, draft.Dir, func(done, total int64) {
		report(schemas.Progress{Done: done, Total: total, Of: "rows"})
	})
}

// dataCard writes the data card.
func (w exporting) dataCard(draft *store.Draft) error {
	o := &opening{Activities: w.Activities}
	files := o.paths(w.every.files())
	if o.err != nil {
		return o.err
	}
	input := export.CardInput{Samples: files["samples"], Splits: files["splits"], Mined: w.in.Mined, Encoder: w.encoder.Digest, Digests: w.every.files()}
	var err error
	if input.Rows, err = w.every.rows(); err != nil {
		return err
	}
	for _, c := range w.every.Crawls {
		input.Crawls = append(input.Crawls, c.Crawl)
	}
	for i, u := range w.articles.units {
		input.Articles = append(input.Articles, export.CardArticles{Language: u.Name, Rows: sizeOf(u), Digest: w.articles.digests[i]})
	}
	return export.Card(input, draft.Dir)
}
