package lexicon

import (
	"cmp"
	"crypto/sha256"
	"math"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// Unit is the length of an article's weights: sums of products are whole numbers, the same in any order.
const Unit = 1 << 30

const (
	common    = 5  // a token of one in so many articles, or more, says nothing ...
	fewest    = 2  // ... unless it stands in no more than these
	smoothing = 30 // articles that a language has more when rarity is measured: that of few is not known

	countersARow                = 16
	leastCounters, mostCounters = 1 << 20, 1 << 24 // at 4 bytes
)

// Run reads an articles file and writes a row of schemas.LexiconRow for each article, in their order. Memory: the counters, and
// some 40 bytes an article. An article with the summary and the text of one before it is its copy: it has no tokens and counts
// nowhere. progress is called with the number of rows, which are read twice. Counts: articles, copies, tokens, without_tokens,
// cut (articles of more than Most tokens).
func Run(articles, output string, progress func(rows int64)) (counts map[string]int64, err error) {
	rows, err := arrowfile.Rows(articles)
	if err != nil {
		return nil, err
	}
	l := &language{counters: make([]uint32, counters(rows)), copyOf: map[[16]byte]int32{}, progress: progress}
	if err := arrowfile.Each(articles, l.count); err != nil {
		return nil, err
	}
	w, err := arrowfile.Create[schemas.LexiconRow](output)
	if err != nil {
		return nil, err
	}
	l.row, l.counts = 0, map[string]int64{"articles": rows, "copies": 0, "tokens": 0, "without_tokens": 0, "cut": 0}
	err = arrowfile.Each(articles, func(r *schemas.ArticleRow) error { return w.Append(l.weigh(r)) })
	return l.counts, cmp.Or(err, w.Close())
}

func counters(rows int64) int {
	n := leastCounters
	for int64(n) < rows*countersARow && n < mostCounters {
		n *= 2
	}
	return n
}

// language is the state of reading one articles file.
type language struct {
	scanner
	counters []uint32 // articles by the lower bits of a token's hash: two tokens that share a counter count as less rare than they are
	copyOf   map[[16]byte]int32
	distinct int64
	row      int32
	progress func(int64)
	read     int64

	weights []weight
	counts  map[string]int64
}

// weight is a token of the article at work.
type weight struct {
	token    uint32
	articles uint32
}

// next counts a row, and tells of which one it is a copy: itself, unless there was one before.
func (l *language) next(r *schemas.ArticleRow) (row, of int32, err error) {
	if l.row == math.MaxInt32 {
		return 0, 0, fault.New(schemas.InvalidInput, "lexicon: %s: more than 2^31 articles of a language are not aligned", r.Language)
	}
	row = l.row
	l.row++
	if l.read++; l.read%1000 == 0 {
		l.progress(l.read)
	}
	sum := sha256.New()
	for _, part := range []string{r.Summary, r.Text} {
		sum.Write([]byte(part))
		sum.Write([]byte{0})
	}
	key := [16]byte(sum.Sum(nil)[:16])
	of, known := l.copyOf[key]
	if !known {
		of = row
		l.copyOf[key] = row
	}
	return row, of, nil
}

func (l *language) count(r *schemas.ArticleRow) error {
	row, of, err := l.next(r)
	if err != nil || of != row {
		return err
	}
	l.distinct++
	for _, token := range l.tokens(r.Title, r.Summary, r.Text) {
		l.counters[int(token)&(len(l.counters)-1)]++
	}
	return nil
}

// weigh makes the row of an article, when all were counted.
func (l *language) weigh(r *schemas.ArticleRow) schemas.LexiconRow {
	row, of, _ := l.next(r)
	out := schemas.LexiconRow{ID: r.ID, CopyOf: of}
	if of != row {
		l.counts["copies"]++
		return out
	}
	l.weights = l.weights[:0]
	for _, token := range l.tokens(r.Title, r.Summary, r.Text) {
		if n := l.counters[int(token)&(len(l.counters)-1)]; n <= fewest || int64(n)*common < l.distinct {
			l.weights = append(l.weights, weight{token, n})
		}
	}
	if len(l.weights) > Most {
		l.counts["cut"]++
		slices.SortFunc(l.weights, func(x, y weight) int {
			return cmp.Or(cmp.Compare(x.articles, y.articles), cmp.Compare(x.token, y.token))
		})
		l.weights = l.weights[:Most]
		slices.SortFunc(l.weights, func(x, y weight) int { return cmp.Compare(x.token, y.token) })
	}
	l.counts["tokens"] += int64(len(l.weights))
	if len(l.weights) == 0 {
		l.counts["without_tokens"]++
	}
	square := 0.0
	for _, w := range l.weights {
		square += l.rarity(w) * l.rarity(w)
	}
	for _, w := range l.weights {
		out.Tokens = append(out.Tokens, int32(w.token))
		out.Weights = append(out.Weights, int32(math.Round(l.rarity(w)/math.Sqrt(square)*Unit)))
		out.Articles = append(out.Articles, int32(min(w.articles, math.MaxInt32)))
	}
	return out
}

// rarity is the inverse document frequency.
func (l *language) rarity(w weight) float64 {
	return math.Log(float64(l.distinct+smoothing) / float64(w.articles))
}

// Cosine of two articles: each has its tokens in order of their hashes, unsigned, and a weight for each.
func Cosine(tokens, weights, otherTokens, otherWeights []int32) float32 {
	sum, j := int64(0), 0
	for i, token := range tokens {
		for j < len(otherTokens) && uint32(otherTokens[j]) < uint32(token) {
			j++
		}
		if j < len(otherTokens) && otherTokens[j] == token {
			sum += int64(weights[i]) * int64(otherWeights[j])
		}
	}
	return float32(float64(sum) / (Unit * Unit))
}
