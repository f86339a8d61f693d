package crawl

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"crosssum/schemas"
)

// Checked is what a person wants to know of a crawl before a run.
type Checked struct {
	Crawl     string
	Languages []CheckedLanguage
	Rejects   []CheckedReason
	Read      int64
	Accepted  int64
	Rejected  int64
	Deleted   int64 // rows that withdraw an article
	Blank     int64
	Repeated  int64 // rows that stand there more than once, and count once
	Texts     int64 // bytes of accepted titles, summaries and texts as Arrow files hold them
	Estimate  Estimate
	Passed    []Passed // files that no run reads
	Faults    []string // what would end a run: files that cannot be read, too many rejects
}

// CheckedLanguage counts one language.
type CheckedLanguage struct {
	Language                 string
	Files                    int
	Bytes                    int64
	Read, Accepted, Rejected int64 // the rest are deletions
}

// CheckedReason is a reason with its first examples.
type CheckedReason struct {
	Reason   Reason
	Count    int64
	Examples []Example
}

// Example is one rejected row, by file name: quarantine itself holds digests.
type Example struct {
	File   string
	Line   int64
	Detail string
}

const examplesAReason = 3

// Check reads a crawl folder as ingest would, and keeps nothing. Faults of single languages are listed, not returned.
func Check(ctx context.Context, dir string, languages []string, limits schemas.IngestParams, progress func(language string, rows int64)) (Checked, error) {
	folder, err := OpenFolder(dir)
	if err != nil {
		return Checked{}, err
	}
	defer folder.Close()
	folder.Archives = Archives{limits, func(int64) error { return ctx.Err() }}
	passed, err := folder.PassedOver()
	if err != nil {
		return Checked{}, err
	}
	files, err := folder.Files(languages)
	if err != nil {
		return Checked{Passed: passed}, err
	}
	if err := folder.Digest(files, func(int64) error { return ctx.Err() }); err != nil {
		return Checked{}, err
	}
	out := Checked{Crawl: folder.Name, Passed: passed}
	reasons := map[Reason]*CheckedReason{}
	for start := 0; start < len(files); {
		end := start
		for end < len(files) && files[end].Language == files[start].Language {
			end++
		}
		if err := out.language(ctx, folder, files[start:end], limits, reasons, progress); err != nil {
			return out, err
		}
		start = end
	}
	for _, reason := range Reasons {
		if r := reasons[reason]; r != nil {
			out.Rejects = append(out.Rejects, *r)
		}
	}
	if out.Accepted == 0 && len(out.Faults) == 0 {
		out.Faults = append(out.Faults, fmt.Sprintf("crawl %s: no row was accepted, so there is nothing to align or to train on", out.Crawl))
	}
	out.Estimate = estimate(out)
	return out, nil
}

func (out *Checked) language(ctx context.Context, folder *Folder, files []schemas.CrawlFile, limits schemas.IngestParams,
	reasons map[Reason]*CheckedReason, progress func(string, int64)) error {
	temp, err := os.MkdirTemp("", "crosssum-check-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	name := files[0].Language
	in, err := Ingest(ctx, folder, files, limits, false, temp, temp, func(rows int64) { progress(name, rows) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		out.Faults = append(out.Faults, err.Error())
	}
	l := CheckedLanguage{Language: name, Files: len(files), Read: in.Read, Accepted: in.Accepted, Rejected: in.Rejected}
	for _, f := range files {
		l.Bytes += f.Bytes
	}
	if info, err := os.Stat(filepath.Join(temp, "articles.arrow")); err == nil {
		out.Texts += info.Size()
	}
	out.Languages = append(out.Languages, l)
	out.Read, out.Accepted, out.Rejected, out.Blank = out.Read+in.Read, out.Accepted+in.Accepted, out.Rejected+in.Rejected, out.Blank+in.Blank
	out.Deleted, out.Repeated = out.Deleted+in.Deleted, out.Repeated+in.Repeated
	for _, r := range in.Rejects {
		c := reasons[r.Reason]
		if c == nil {
			c = &CheckedReason{Reason: r.Reason}
			reasons[r.Reason] = c
		}
		if c.Count++; len(c.Examples) < examplesAReason {
			c.Examples = append(c.Examples, Example{files[r.File].Path, r.Line, r.Detail})
		}
	}
	return nil
}

// Estimate is a guess for two cores and the default encoder.
type Estimate struct {
	EmbedMinutes    float64
	SearchMinutes   float64
	TokenizeMinutes float64 // of whole articles, with the shipped summarizer's vocabulary
	DiskBytes       int64   // in the store: articles, embeddings, neighbour lists, data set
}

// Rates seen on two cores with the default encoder (384 dimensions).
const (
	embedASecond    = 150.0 // short summaries
	tokenizeASecond = 2800.0
	searchASecond   = 2e7  // pairs of vectors compared, selection and rescoring included
	secondsAPair    = 0.02 // fixed cost of one pair of languages
	vectorBytes     = 384*4 + 100
	neighbourBytes  = 16 + 4 + 16 + 4 + 12
	keptNeighbours  = 8
	datasetOverText = 3 // an article's text stands in the data set once for each aligned language
)

func estimate(c Checked) Estimate {
	var e Estimate
	e.EmbedMinutes, e.TokenizeMinutes = float64(c.Accepted)/embedASecond/60, float64(c.Accepted)/tokenizeASecond/60
	var compared, pairs float64
	for i, a := range c.Languages {
		for _, b := range c.Languages[i:] {
			compared += float64(a.Accepted) * float64(b.Accepted)
			pairs++
		}
	}
	e.SearchMinutes = (compared/searchASecond + pairs*secondsAPair) / 60
	e.DiskBytes = c.Texts*(1+datasetOverText) + c.Accepted*vectorBytes + c.Accepted*int64(len(c.Languages))*keptNeighbours*neighbourBytes
	return e
}
