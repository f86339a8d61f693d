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
var exportDefinition = definition[schemas.ExportInput]{stage: schemas.Export, plan: planExport, run: runExport}

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

func planExport(_ context.Context, a *Activities, in schemas.ExportInput) ([]unit, error) {
	languages, _, digests, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	material := exportMaterial{Articles: map[string]string{}, Languages: map[string]string{}}
	rows := 0.0
	for i, u := range languages {
		material.Articles[u.Name] = digests[i]
		if f, ok := u.Files["languages.arrow"]; ok {
			material.Languages[u.Name] = f.Digest
		}
		rows += float64(sizeOf(u))
	}
	for _, f := range []struct {
		ref  schemas.Ref
		name string
		to   *string
	}{{in.Splits, "samples.arrow", &material.Samples}, {in.Splits, "splits.arrow", &material.Splits}, {in.Links, "pairs.arrow", &material.Pairs}} {
		_, _, digests, err := a.Store.Files(f.ref, f.name)
		if err != nil {
			return nil, err
		}
		*f.to = digests[0]
	}
	if material.Crawls, err = a.crawlsOf(in); err != nil {
		return nil, err
	}
	var units []unit
	for _, u := range languages {
		m := material
		m.Source = u.Name
		units = append(units, unit{name: u.Name, material: m, seconds: 0.05 + rows/rowsASecond})
	}
	encoder, err := a.model(in.Mined.Encoder.Name)
	if err != nil {
		return nil, err
	}
	return append(units, unit{name: cardUnit, seconds: 0.5, material: cardMaterial{material, in.Mined, encoder.Digest, export.CardDigest()}}), nil
}

// crawlsOf lists the crawls that the articles come from, oldest first: the run's own, or those of the ledger up to it.
func (a *Activities) crawlsOf(in schemas.ExportInput) ([]crawlChanges, error) {
	var crawls []crawlChanges
	crawl, articles, previous := in.Mined.Crawl, in.Articles, in.Previous
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

func runExport(_ context.Context, a *Activities, in schemas.ExportInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	if u.name == cardUnit {
		return nil, a.dataCard(in, u.material.(cardMaterial), draft)
	}
	material := u.material.(exportMaterial)
	input := export.Input{Source: u.name}
	var err error
	for digest, to := range map[string]*string{material.Samples: &input.Samples, material.Splits: &input.Splits, material.Pairs: &input.Pairs} {
		if *to, err = a.Store.Path(digest); err != nil {
			return nil, err
		}
	}
	if input.Articles, err = a.paths(material.Articles); err != nil {
		return nil, err
	}
	if input.Languages, err = a.paths(material.Languages); err != nil {
		return nil, err
	}
	for _, crawl := range material.Crawls {
		changes, err := a.paths(crawl.Changes)
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
func (a *Activities) dataCard(in schemas.ExportInput, m cardMaterial, draft *store.Draft) error {
	samples, err := a.Store.Path(m.Samples)
	if err != nil {
		return err
	}
	splits, err := a.Store.Path(m.Splits)
	if err != nil {
		return err
	}
	input := export.CardInput{Samples: samples, Splits: splits, Mined: m.Mined, Encoder: m.Encoder,
		Digests: map[string]string{"pairs": m.Pairs, "splits": m.Splits, "samples": m.Samples}}
	for _, c := range m.Crawls {
		input.Crawls = append(input.Crawls, c.Crawl)
	}
	index, err := a.Store.Index(in.Articles)
	if err != nil {
		return err
	}
	for _, u := range index.Units {
		input.Articles = append(input.Articles, export.CardArticles{Language: u.Name, Rows: sizeOf(u), Digest: u.Files["articles.arrow"].Digest})
	}
	return export.Card(input, draft.Dir)
}
