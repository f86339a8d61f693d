package gold

import (
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

// scored is the corpus with its gold, by article number.
type scored struct {
	articles     *link.Articles
	rows         []Known // of the gold; an empty key: the article is not in it
	summary      []string
	class        []int32 // articles of one language with the same summary have the same class
	shared       map[int32]bool
	untranslated []bool
	accepted     [][2]int32
	partners     map[int32][]int32
	byKey        map[string][]int32            // articles of a key, in order
	keys         map[int32]map[string]struct{} // of a class
}

func newScored() *scored {
	return &scored{shared: map[int32]bool{}, partners: map[int32][]int32{}, byKey: map[string][]int32{},
		keys: map[int32]map[string]struct{}{}}
}

// adder takes in articles in the order of their numbers, with what the gold knows of each.
func (s *scored) adder(truth map[string]map[string]Known) func(n int32, r *schemas.ArticleRow) error {
	classes := map[[2]string]int32{}
	return func(n int32, r *schemas.ArticleRow) error {
		language, summary := arrowfile.Clone(r.Language), arrowfile.Clone(r.Summary)
		known := truth[language][r.ID]
		class, ok := classes[[2]string{language, summary}]
		if !ok {
			class = int32(len(classes))
			classes[[2]string{language, summary}] = class
			s.keys[class] = map[string]struct{}{}
		}
		s.rows, s.summary, s.class = append(s.rows, known), append(s.summary, summary), append(s.class, class)
		if known.Key != "" {
			s.byKey[known.Key] = append(s.byKey[known.Key], n)
			s.keys[class][known.Key] = struct{}{}
			s.shared[class] = len(s.keys[class]) > 1
		}
		return nil
	}
}

func load(in Input) (*scored, error) {
	truth, err := Read(in.Gold)
	if err != nil {
		return nil, err
	}
	s := newScored()
	s.articles, err = link.ReadArticles(in.Languages, in.Articles, s.adder(truth))
	if err != nil {
		return nil, err
	}
	s.markUntranslated()
	return s, arrowfile.Each(in.Pairs, func(r *schemas.PairRow) error {
		p, err := s.articles.Pair(r)
		if err != nil {
			return err
		}
		p[0], p[1] = min(p[0], p[1]), max(p[0], p[1])
		if s.rows[p[0]].Key != "" && s.rows[p[1]].Key != "" {
			s.accepted = append(s.accepted, p)
		}
		s.partners[p[0]] = append(s.partners[p[0]], p[1])
		s.partners[p[1]] = append(s.partners[p[1]], p[0])
		return nil
	})
}

// markUntranslated finds the articles with the very summary of their English original.
func (s *scored) markUntranslated() {
	s.untranslated = make([]bool, len(s.rows))
	for _, group := range s.byKey {
		english := ""
		for _, n := range group {
			if s.articles.Language(n) == "english" {
				english = s.summary[n]
			}
		}
		for _, n := range group {
			s.untranslated[n] = english != "" && s.summary[n] == english && s.articles.Language(n) != "english"
		}
	}
}

func (s *scored) describe() Corpus {
	var out Corpus
	for n, r := range s.rows {
		if r.Key == "" {
			out.NotInGold++
			continue
		}
		out.Judged++
		if s.shared[s.class[n]] {
			out.SharedClass++
		}
		if s.untranslated[n] {
			out.Untranslated++
		}
	}
	return out
}

// sameClass says that an article with a's summary and one with b's have the same key.
func (s *scored) sameClass(a, b int32) bool {
	for key := range s.keys[s.class[a]] {
		if _, ok := s.keys[s.class[b]][key]; ok {
			return true
		}
	}
	return false
}

// counterpart is the translation of a in the language of b.
func (s *scored) counterpart(a, b int32) (int32, bool) {
	for _, n := range s.byKey[s.rows[a].Key] {
		if s.articles.Language(n) == s.articles.Language(b) {
			return n, true
		}
	}
	return 0, false
}

// byLanguages groups accepted and gold pairs by their unordered pair of languages.
func (s *scored) byLanguages() map[[2]string]group {
	groups := map[[2]string]group{}
	for _, p := range s.accepted {
		name := [2]string{s.articles.Language(p[0]), s.articles.Language(p[1])}
		g := groups[name]
		g.accepted = append(g.accepted, p)
		groups[name] = g
	}
	for _, members := range s.byKey {
		for i, a := range members {
			for _, b := range members[i+1:] {
				name := [2]string{s.articles.Language(a), s.articles.Language(b)}
				if name[0] == name[1] {
					continue
				}
				g := groups[name]
				g.gold = append(g.gold, [2]int32{a, b})
				groups[name] = g
			}
		}
	}
	return groups
}

// languages is a set of them.
type languages map[string]bool

// english says whether a pair of languages is English with another of the set.
func (l languages) english(a, b string) bool {
	return (a == "english" || b == "english") && l[a] && l[b]
}

// tenLargest are the languages with the most articles, ties by name.
func (s *scored) tenLargest() languages {
	size := map[string]int{}
	for n := range s.rows {
		size[s.articles.Language(int32(n))]++
	}
	names := append([]string(nil), s.articles.Languages...)
	sort.SliceStable(names, func(i, j int) bool { return size[names[i]] > size[names[j]] })
	out := languages{}
	for _, name := range names[:min(len(names), largest)] {
		out[name] = true
	}
	return out
}
