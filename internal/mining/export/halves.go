package export

import (
	"maps"
	"slices"
	"sync"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// half is what a target article gives to a row.
type half struct {
	url, summary string
	languageOK   *bool // the summary is in its file's language; nil: nobody looked
	origin       origin
}

// origin is the crawl that an article's words come from: its place in Input.Crawls.
type origin int

// originOf finds the origin of the articles of a language: the newest crawl that brought or edited one.
func originOf(in Input, language string) (func(id string) origin, error) {
	newest := map[string]origin{}
	for i, crawl := range in.Crawls {
		path, ok := crawl.Changes[language]
		if !ok {
			continue
		}
		err := arrowfile.Each(path, func(row *schemas.ChangeRow) error {
			if i > 0 { // the oldest is the origin of whatever no other has
				newest[arrowfile.Clone(row.ID)] = origin(i)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return func(id string) origin { return newest[id] }, nil
}

// readHalves reads the halves that samples need, by language and id.
func readHalves(in Input, samples []sample) (map[string]map[string]half, error) {
	halves, missing := map[string]map[string]half{}, map[string]int{}
	for i := range samples {
		s := &samples[i]
		if halves[s.language] == nil {
			if in.Articles[s.language] == "" {
				return nil, corrupt("samples of %s name articles of %s, of which there are none", in.Source, s.language)
			}
			halves[s.language] = map[string]half{}
		}
		if _, ok := halves[s.language][s.target]; !ok {
			halves[s.language][s.target] = half{}
			missing[s.language]++
		}
	}
	for _, language := range sortedKeys(halves) {
		of := halves[language]
		from, err := originOf(in, language)
		if err != nil {
			return nil, err
		}
		err = eachPage(in.Articles[language], func(id, url, summary string) {
			if _, ok := of[id]; ok {
				of[id] = half{url: url, summary: summary, origin: from(id)}
				missing[language]--
			}
		})
		if err != nil {
			return nil, err
		}
		if n := missing[language]; n != 0 {
			return nil, corrupt("%d articles of %s that samples of %s name are not there", n, language, in.Source)
		}
		if path, ok := in.Languages[language]; ok {
			if err := identify(path, of); err != nil {
				return nil, err
			}
		}
	}
	return halves, nil
}

// identify fills in whether summaries are in their file's language.
func identify(path string, of map[string]half) error {
	return arrowfile.Each(path, func(row *schemas.IdentifiedRow) error {
		if h, ok := of[row.ID]; ok {
			if h.languageOK = nil; row.OK != nil {
				isIt := *row.OK
				h.languageOK = &isIt
			}
			of[row.ID] = h
		}
		return nil
	})
}

// page is what rows need of an article as a target.
type page struct{ id, url, summary string }

// pages keeps the pages of article files that were read last, so that the units of a work item do not read every language's
// texts again only to find its summaries. What would not fit is read each time.
var pages = struct {
	sync.Mutex
	of    map[string][]page // by path, which holds the file's digest
	bytes int
}{of: map[string][]page{}}

// pageBytes bounds pages: ids, URLs and summaries, with what a page costs itself.
const pageBytes = 64 << 20

// keepPages forgets the pages of files that are not among articles.
func keepPages(articles map[string]string) {
	pages.Lock()
	defer pages.Unlock()
	wanted := slices.Collect(maps.Values(articles))
	for path, list := range pages.of {
		if !slices.Contains(wanted, path) {
			pages.bytes -= sizeOf(list)
			delete(pages.of, path)
		}
	}
}

// eachPage calls f with the pages of an article file in order. The strings may be kept.
func eachPage(path string, f func(id, url, summary string)) error {
	pages.Lock()
	list, ok := pages.of[path]
	free := pageBytes - pages.bytes
	pages.Unlock()
	if ok {
		for _, p := range list {
			f(p.id, p.url, p.summary)
		}
		return nil
	}
	bytes := 0
	err := arrowfile.Each(path, func(row *schemas.ArticleRow) error {
		p := page{arrowfile.Clone(row.ID), arrowfile.Clone(row.URL), arrowfile.Clone(row.Summary)}
		f(p.id, p.url, p.summary)
		if bytes += p.size(); bytes <= free {
			list = append(list, p)
		} else {
			list = nil
		}
		return nil
	})
	if err != nil || bytes > free {
		return err
	}
	pages.Lock()
	defer pages.Unlock()
	if _, ok := pages.of[path]; !ok && pages.bytes+bytes <= pageBytes {
		pages.of[path], pages.bytes = list, pages.bytes+bytes
	}
	return nil
}

func (p page) size() int { return 48 + len(p.id) + len(p.url) + len(p.summary) }

func sizeOf(list []page) (n int) {
	for _, p := range list {
		n += p.size()
	}
	return n
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
