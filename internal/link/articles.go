package link

import (
	"hash/fnv"
	"strings"

	"crosssum/internal/arrowfile"
	"crosssum/schemas"
)

// Articles numbers every article of a data set 0..Len-1 in (language, id) order, so that a smaller number is a smaller
// identity in byte order.
type Articles struct {
	Languages []string // sorted
	first     []int    // number of the first article of a language; one entry more than Languages
	ids       []string
	numbers   map[string]map[string]int32
}

// ReadArticles reads the articles files of languages that come in byte order. each, unless nil, sees every row with its
// number; it must copy what it keeps. Rows out of order or given twice are an error.
func ReadArticles(languages, paths []string, each func(number int32, row arrowfile.Row) error) (*Articles, error) {
	a := &Articles{first: []int{0}, numbers: map[string]map[string]int32{}}
	for i, language := range languages {
		if i > 0 && languages[i-1] >= language {
			return nil, corrupt("articles of %s stand after those of %s", language, languages[i-1])
		}
		numbers, last := map[string]int32{}, ""
		err := arrowfile.Each(paths[i], schemas.Article, func(row arrowfile.Row) error {
			id := arrowfile.Clone(row.Str(1))
			if len(numbers) > 0 && id <= last {
				return corrupt("%s: article %q stands after %q: rows must be sorted by id, each once", language, id, last)
			}
			if row.Str(0) != language {
				return corrupt("%s: article %q is of language %q", language, id, row.Str(0))
			}
			number := int32(len(a.ids))
			numbers[id], last = number, id
			a.ids = append(a.ids, id)
			if each == nil {
				return nil
			}
			return each(number, row)
		})
		if err != nil {
			return nil, err
		}
		a.Languages = append(a.Languages, language)
		a.numbers[language] = numbers
		a.first = append(a.first, len(a.ids))
	}
	return a, nil
}

// Len is the number of articles.
func (a *Articles) Len() int { return len(a.ids) }

// ID is the id of article n within its language.
func (a *Articles) ID(n int32) string { return a.ids[n] }

// Language is the language of article n.
func (a *Articles) Language(n int32) string {
	low, high := 0, len(a.Languages)
	for high-low > 1 { // first[low] <= n < first[high]
		if middle := (low + high) / 2; a.first[middle] <= int(n) {
			low = middle
		} else {
			high = middle
		}
	}
	return a.Languages[low]
}

// Name is "language/id", the name that a component has from its smallest article.
func (a *Articles) Name(n int32) string { return a.Language(n) + "/" + a.ids[n] }

// Number finds an article; an unknown one is an error that names it.
func (a *Articles) Number(language, id string) (int32, error) {
	n, ok := a.numbers[language][id]
	if !ok {
		return 0, corrupt("there is no article %s/%s", language, id)
	}
	return n, nil
}

// span is the half-open range of the numbers of a language; ok is false for an unknown one.
func (a *Articles) span(language string) (from, to int, ok bool) {
	for i, name := range a.Languages {
		if name == language {
			return a.first[i], a.first[i+1], true
		}
	}
	return 0, 0, false
}

// marks are hashes of what identical pages share: the URL and the images. The hash of nothing is left out.
func marks(row arrowfile.Row) []uint64 {
	var out []uint64
	for _, s := range append(row.Strs(6), row.Str(2)) {
		if s = strings.TrimSpace(s); s != "" {
			h := fnv.New64a()
			h.Write([]byte(s))
			out = append(out, h.Sum64())
		}
	}
	return out
}
