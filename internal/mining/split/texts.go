package split

import (
	"bytes"
	"cmp"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/mining/link"
	"crosssum/internal/mining/neardup"
	"crosssum/schemas"
)

// wording is what ties articles by their words: equal texts and summaries in any languages, near texts in one. Without files it ties nothing.
type wording struct {
	near [][2]int32 // each of the first articles of two texts
}

// readWording reads what near_duplicates wrote of every language into the articles, and which of them are near.
func readWording(in Input, articles *link.Articles, rows []Article) (w wording, err error) {
	n := 0
	for i, path := range in.Texts {
		err := arrowfile.Each(path, func(row *schemas.TextDigestRow) error {
			if n == len(rows) || rows[n].Language != in.Languages[i] || rows[n].ID != row.ID {
				return corrupt("%s: article %q stands where the articles have another", path, row.ID)
			}
			a := &rows[n]
			n++
			return a.know(row)
		})
		if err != nil {
			return w, err
		}
		near, err := readEdges(in.Near[i], func(d *schemas.DuplicateRow) ([2]int32, error) {
			return articles.Pair(&schemas.PairRow{SourceLanguage: d.Language, SourceID: d.SourceID, TargetLanguage: d.Language, TargetID: d.TargetID})
		})
		if err != nil {
			return w, err
		}
		w.near = append(w.near, near...)
	}
	if len(in.Texts) > 0 && n != len(rows) {
		return w, corrupt("the texts of %d articles are known, of %d", n, len(rows))
	}
	return w, nil
}

func (a *Article) know(row *schemas.TextDigestRow) (err error) {
	if a.Text, err = neardup.ParseDigest(row.Text); err == nil {
		a.Summary, err = neardup.ParseDigest(row.Summary)
	}
	if err != nil {
		return corrupt("article %s/%q: %v", a.Language, a.ID, err)
	}
	a.Untested = row.Crowded
	return nil
}

// ties are the edges that words give, and marks the articles that stay out of val and test: those whose text or summary more than most
// articles of a language have, or whose text is near so many; and those near such a text, which their component does not hold.
func (w wording) ties(rows []Article, most int) (edges [][2]int32) {
	alike := groups(rows, textOf)
	var apart []int32 // of a text each, an article: what is near it is not tied to it
	for n, a := range rows {
		if a.Untested { // crowded, of which the first of equal texts knows
			apart = append(apart, int32(n))
		}
	}
	edges = equal(rows, textOf, most)
	sizes, reach := map[int32]int{}, map[int32]int{} // by first article of a text: those of its language that have it, and that have a near one
	for _, e := range w.near {
		for _, n := range e {
			if _, known := sizes[n]; !known { // once: a text may have a million
				sizes[n] = alike.size(n)
			}
		}
		reach[e[0]] += sizes[e[1]]
		reach[e[1]] += sizes[e[0]]
	}
	common := func(n int32) bool { return rows[n].Untested || reach[n]+sizes[n] > most }
	for _, e := range w.near {
		if common(e[0]) || common(e[1]) {
			apart = append(apart, e[0], e[1])
		} else {
			edges = append(edges, e)
		}
	}
	slices.Sort(apart)
	for _, n := range slices.Compact(apart) {
		for _, m := range alike.of(n) {
			rows[m].Untested = true
		}
	}
	return append(edges, equal(rows, summaryOf, most)...)
}

func textOf(a *Article) neardup.Digest    { return a.Text }
func summaryOf(a *Article) neardup.Digest { return a.Summary }

// equal ties the articles of every digest, unless more than most of a language have it.
func equal(rows []Article, of func(*Article) neardup.Digest, most int) (edges [][2]int32) {
	all := groups(rows, of)
	for _, group := range all.list {
		common := false
		for i, from := 0, 0; i <= len(group); i++ {
			if i == len(group) || rows[group[i]].Language != rows[group[from]].Language {
				common = common || distinct(rows, group[from:i]) > most
				from = i
			}
		}
		for _, n := range group {
			if common {
				rows[n].Untested = true
			} else if n != group[0] {
				edges = append(edges, [2]int32{group[0], n})
			}
		}
	}
	return edges
}

// distinct counts articles, of which exact copies are one.
func distinct(rows []Article, group []int32) int {
	contents := make([][32]byte, len(group))
	for i, n := range group {
		contents[i] = rows[n].Content
	}
	return len(sorted(contents))
}

// grouping has the articles of every digest that several have, rising.
type grouping struct {
	rows []Article
	at   []int32 // of an article: its group, or -1
	list [][]int32
}

func groups(rows []Article, of func(*Article) neardup.Digest) grouping {
	g := grouping{rows: rows, at: make([]int32, len(rows))}
	order := make([]int32, len(rows))
	for n := range order {
		order[n], g.at[n] = int32(n), -1
	}
	digest := func(n int32) neardup.Digest { return of(&rows[n]) }
	slices.SortFunc(order, func(a, b int32) int {
		x, y := digest(a), digest(b)
		return cmp.Or(bytes.Compare(x[:], y[:]), cmp.Compare(a, b))
	})
	for len(order) > 0 {
		n := 1
		for n < len(order) && digest(order[n]) == digest(order[0]) {
			n++
		}
		if n > 1 && digest(order[0]) != (neardup.Digest{}) { // none is known
			for _, m := range order[:n] {
				g.at[m] = int32(len(g.list))
			}
			g.list = append(g.list, order[:n:n])
		}
		order = order[n:]
	}
	return g
}

// of are the articles of n's digest.
func (g grouping) of(n int32) []int32 {
	if g.at[n] < 0 {
		return []int32{n}
	}
	return g.list[g.at[n]]
}

// size counts those of n's language, of which exact copies are one.
func (g grouping) size(n int32) int {
	var own []int32
	for _, m := range g.of(n) {
		if g.rows[m].Language == g.rows[n].Language {
			own = append(own, m)
		}
	}
	return distinct(g.rows, own)
}

// shared counts what train and test have in common, from the splits alone: articles of val and test whose text ("texts") or summary
// ("summaries") train has, and pairs of near texts of which one is in train and the other is not ("near_texts").
func (w wording) shared(rows []Article, assigned []Assignment) map[string]int64 {
	counts := map[string]int64{"shared_texts": 0, "shared_summaries": 0, "shared_near_texts": 0}
	const trained, tested = 1, 2
	where := func(of func(*Article) neardup.Digest) map[neardup.Digest]int8 {
		in := map[neardup.Digest]int8{}
		for n, a := range assigned {
			switch a.Split {
			case Train:
				in[of(&rows[n])] |= trained
			case Val, Test:
				in[of(&rows[n])] |= tested
			}
		}
		return in
	}
	texts, summaries := where(textOf), where(summaryOf)
	for n, a := range assigned {
		if rows[n].Text == (neardup.Digest{}) || a.Split == Train || a.Split == Dropped {
			continue
		}
		if texts[rows[n].Text]&trained != 0 {
			counts["shared_texts"]++
		}
		if summaries[rows[n].Summary]&trained != 0 {
			counts["shared_summaries"]++
		}
	}
	for _, e := range w.near {
		if a, b := texts[rows[e[0]].Text], texts[rows[e[1]].Text]; a&trained != 0 && b&tested != 0 || a&tested != 0 && b&trained != 0 {
			counts["shared_near_texts"]++
		}
	}
	return counts
}
