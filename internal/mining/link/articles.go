package link

import (
	"hash/fnv"
	"math"
	"slices"
	"sort"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/ids"
	"crosssum/schemas"
)

// Articles numbers every article of a data set 0..Len-1 in (language, id) order, so that a smaller number is a smaller
// identity in byte order.
type Articles struct {
	Languages []string // sorted
	first     []int    // number of the first article of a language; one entry more than Languages
	ids       []ids.List
	places    []*ids.Index
}

// ReadArticles reads the articles files of languages that come in byte order. each, unless nil, sees every row with its
// number; it must copy what it keeps. Rows out of order or given twice are an error.
func ReadArticles(languages, paths []string, each func(number int32, row *schemas.ArticleRow) error) (*Articles, error) {
	a := &Articles{Languages: languages, first: []int{0}, ids: make([]ids.List, len(languages))}
	for i, language := range languages {
		if i > 0 && languages[i-1] >= language {
			return nil, corrupt("articles of %s stand after those of %s", language, languages[i-1])
		}
		list := &a.ids[i]
		err := arrowfile.Each(paths[i], func(row *schemas.ArticleRow) error {
			id := row.ID
			if n := list.Len(); n > 0 && id <= list.At(int32(n)) {
				return corrupt("%s: article %q stands after %q: rows must be sorted by id, each once", language, id, list.At(int32(n)))
			}
			if row.Language != language {
				return corrupt("%s: article %q is of language %q", language, id, row.Language)
			}
			number := a.first[i] + list.Len()
			if number == math.MaxInt32 || !list.Add(id) {
				return corrupt("%s: article %.60q: ids of %d bytes, or more than 2^31 articles, are not linked", language, id, len(id))
			}
			if each == nil {
				return nil
			}
			return each(int32(number), row)
		})
		if err != nil {
			return nil, err
		}
		a.first = append(a.first, a.first[i]+list.Len())
		a.places = append(a.places, ids.NewIndex(list))
	}
	return a, nil
}

// Len is the number of articles.
func (a *Articles) Len() int { return a.first[len(a.Languages)] }

// ID is the id of article n within its language.
func (a *Articles) ID(n int32) string {
	l := a.language(n)
	return a.ids[l].At(n - int32(a.first[l]) + 1)
}

// Language is the language of article n.
func (a *Articles) Language(n int32) string { return a.Languages[a.language(n)] }

// language is the number of that language.
func (a *Articles) language(n int32) int {
	return sort.Search(len(a.Languages), func(i int) bool { return a.first[i+1] > int(n) })
}

// Name is "language/id", the name that a component has from its smallest article.
func (a *Articles) Name(n int32) string { return a.Language(n) + "/" + a.ID(n) }

// Number finds an article; an unknown one is an error that names it.
func (a *Articles) Number(language, id string) (int32, error) {
	if l, ok := slices.BinarySearch(a.Languages, language); ok {
		if place := a.places[l].Place(id); place != 0 {
			return int32(a.first[l]) + place - 1, nil
		}
	}
	return 0, corrupt("there is no article %s/%s", language, id)
}

// Pair finds the two articles of a pair.
func (a *Articles) Pair(p *schemas.PairRow) ([2]int32, error) {
	source, err := a.Number(p.SourceLanguage, p.SourceID)
	if err != nil {
		return [2]int32{}, err
	}
	target, err := a.Number(p.TargetLanguage, p.TargetID)
	return [2]int32{source, target}, err
}

// span is the half-open range of the numbers of a language; ok is false for an unknown one.
func (a *Articles) span(language string) (from, to int, ok bool) {
	if l, ok := slices.BinarySearch(a.Languages, language); ok {
		return a.first[l], a.first[l+1], true
	}
	return 0, 0, false
}

// marks are hashes of what identical pages share: the URL and the images. The hash of nothing is left out.
func marks(row *schemas.ArticleRow) []uint64 {
	var out []uint64
	for _, s := range append(row.Images, row.URL) {
		if s = strings.TrimSpace(s); s != "" {
			h := fnv.New64a()
			h.Write([]byte(s))
			out = append(out, h.Sum64())
		}
	}
	return out
}
