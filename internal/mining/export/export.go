// Package export writes a data set: CrossSum's JSON lines (text in the source language, summary in the target language),
// the same rows as Parquet with what they can be filtered by, and the data card that makes a folder of them one that Hugging
// Face `datasets` loads.
package export

import (
	"errors"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// Input names what is exported: the samples whose source is Source. Paths are of files by language.
type Input struct {
	Source    string
	Samples   string            // of schemas.SampleRow
	Pairs     string            // of schemas.PairRow
	Splits    string            // of schemas.SplitRow
	Articles  map[string]string // of schemas.ArticleRow
	Languages map[string]string // of schemas.IdentifiedRow; articles of a language without one have null in language_ok
	Crawls    []Crawl           // that the articles come from, oldest first; one at least
}

// Crawl is a crawl with what it changed of the catalogue, as paths of schemas.ChangeRow by language. The oldest is the origin of
// whatever no other changed.
type Crawl struct {
	Digest  string
	Changes map[string]string
}

// Run writes <source>-<target>_<train|val|test>.jsonl and parquet/<train|validation|test>/<source>-<target>.parquet into dir for
// every pair and split that has samples; both have the same rows in (source id, target id) order. In memory are the samples of one
// source language, the summaries that some of them name at a time, and RowGroups' budget of rows; texts are streamed. progress is called with the
// number of rows written. Counts: samples, files (of JSON lines; there are as many of Parquet).
func Run(in Input, dir string, progress func(done, total int64)) (map[string]int64, error) {
	if in.Articles[in.Source] == "" || len(in.Crawls) == 0 {
		return nil, corrupt("there are no articles of %s, or they come from no crawl", in.Source)
	}
	samples, err := readSamples(in)
	if err != nil {
		return nil, err
	}
	keepPages(in.Articles)
	from, err := originOf(in, in.Source)
	if err != nil {
		return nil, err
	}
	out := newFiles(dir, in.Source)
	next, known, total := 0, 0, int64(len(samples)) // the halves of samples[next:known] are at hand
	var halves map[string]map[string]half
	err = arrowfile.Each(in.Articles[in.Source], func(article *schemas.ArticleRow) error {
		id := article.ID
		for ; next < len(samples) && samples[next].source == id; next++ {
			if next == known {
				known = min(next+halvesAtATime, len(samples))
				halves = nil // before the next are read
				if halves, err = readHalves(in, samples[next:known]); err != nil {
					return err
				}
			}
			s := &samples[next]
			target := halves[s.language][s.target]
			r := row{sample: s, sourceURL: article.URL, text: article.Text, half: target,
				crawl: in.Crawls[max(from(id), target.origin)].Digest} // the later crawl completed the pair
			if err := out.write(r); err != nil {
				return err
			}
			if next%4096 == 0 {
				progress(int64(next), total)
			}
		}
		return nil
	})
	if err = errors.Join(err, out.close()); err != nil {
		return nil, err
	}
	if next < len(samples) {
		return nil, corrupt("sample %s/%s to %s/%s names an article that is not there", in.Source, samples[next].source,
			samples[next].language, samples[next].target)
	}
	progress(total, total)
	return map[string]int64{"samples": total, "files": int64(len(out.open))}, nil
}

// halvesAtATime is for how many samples Run holds the target articles: their files are read once for so many.
var halvesAtATime = 1 << 17 // changed by tests alone

// row is one row of the data set.
type row struct {
	*sample
	half
	sourceURL, text string
	crawl           string
}

func corrupt(format string, args ...any) error {
	return fault.New(schemas.CorruptObject, "export: "+format, args...)
}
