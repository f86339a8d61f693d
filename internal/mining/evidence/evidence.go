// Package evidence gathers, for two languages, the pairs of articles that may be translations of each other, with what speaks
// for each: its contenders are the nearest by summary and the nearest by shared rare tokens, of either side.
package evidence

import (
	"cmp"
	"context"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/internal/mining/lexicon"
	"crosssum/schemas"
)

// Proposes bounds what an article costs: a token of more articles of a language speaks for contenders, and proposes none.
const Proposes = 1000

// Side is a language of a pair: files of schemas.LexiconRow and schemas.EmbeddingRow, row for row of its articles, and of its
// neighbours in itself and in the other.
type Side struct{ Lexicon, Embeddings, Own, Neighbours string }

// Input is what a pair of languages depends on. From cosine Duplicate two summaries of a language may be near-equal.
type Input struct {
	A, B      Side
	K         int
	BlockRows int // of tokens and vectors in memory; changes no result
	Duplicate float64
}

// Run writes a file of schemas.EvidenceRow. In memory are, of each language, ids and lists of the K that share most, and blocks
// of tokens and vectors. Counts: contenders, proposed (by tokens alone), searched_again (articles whose neighbours are so
// many copies that the nearest others had to be looked for).
func Run(ctx context.Context, in Input, output string, progress func(done, total int64)) (counts map[string]int64, err error) {
	p := &pair{ctx: ctx, in: in, progress: progress, counts: map[string]int64{"contenders": 0, "proposed": 0, "searched_again": 0}}
	defer p.close()
	if p.a, err = open(in.A, in); err != nil {
		return nil, err
	}
	if p.b, err = open(in.B, in); err != nil {
		return nil, err
	}
	p.total = 4 * int64(p.a.rows+p.b.rows)
	for _, step := range []func() error{p.means, p.searchAgain, p.share} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	w, err := arrowfile.Create[schemas.EvidenceRow](output)
	if err != nil {
		return nil, err
	}
	return p.counts, cmp.Or(p.write(w), w.Close())
}

// pair is the state of one Run.
type pair struct {
	ctx         context.Context
	in          Input
	a, b        *table
	progress    func(done, total int64)
	done, total int64
	counts      map[string]int64
}

func (p *pair) close() {
	p.a.close()
	p.b.close()
}

// went tells that so many rows are done, and whether to go on.
func (p *pair) went(rows int) error {
	p.done += int64(rows)
	p.progress(min(p.done, p.total), p.total)
	return p.ctx.Err()
}

// means reads both directions' neighbour lists for what they say of each article.
func (p *pair) means() error {
	for _, d := range []struct {
		path     string
		from, in *table
	}{{p.in.A.Neighbours, p.a, p.b}, {p.in.B.Neighbours, p.b, p.a}} {
		d.from.mean = make([]float32, d.from.rows)
		err := d.from.eachList(d.path, d.in, func(row int32, list []entry) error {
			if d.from.copyOf[row] != row {
				return nil
			}
			kept, others := d.in.nearest(list, p.in.K)
			if others < p.in.K && others < d.in.distinct && len(list) < d.in.rows {
				d.from.again = append(d.from.again, row)
				return nil
			}
			d.from.mean[row] = mean(kept, d.in, p.in.K)
			return nil
		})
		if err == nil {
			err = p.went(d.from.rows)
		}
		if err != nil {
			return err
		}
		p.counts["searched_again"] += int64(len(d.from.again))
	}
	return nil
}

// entry is an article of the other language with its score.
type entry struct {
	row   int32
	score float32
}

// before is the order of lists: falling scores, ties to the smaller row.
func (e entry) before(o entry) bool { return e.score > o.score || e.score == o.score && e.row < o.row }

// mean is that of the best of each of the first k groups.
func mean(list []entry, in *table, k int) float32 {
	sum, n := 0.0, 0
	var seen groups
	for _, e := range list {
		if n < k && seen.add(in.group[e.row]) {
			sum += float64(e.score)
			n++
		}
	}
	return float32(sum / float64(max(n, 1)))
}

// groups are a few groups.
type groups []int32

func (g *groups) add(group int32) bool {
	if slices.Contains(*g, group) {
		return false
	}
	*g = append(*g, group)
	return true
}

// nearest cuts a list after its first k groups, and puts the first of equal articles in the place of copies. n is the number of
// groups.
func (t *table) nearest(list []entry, k int) (kept []entry, n int) {
	var seen groups
	for _, e := range list {
		e.row = t.copyOf[e.row]
		if seen.add(t.group[e.row]) {
			if n == k {
				break
			}
			n++
		}
		if !slices.ContainsFunc(kept, func(o entry) bool { return o.row == e.row }) {
			kept = append(kept, e)
		}
	}
	return kept, n
}

// searchAgain looks in all of the other language for the nearest of articles whose lists are full of copies.
func (p *pair) searchAgain() error {
	for _, d := range [][2]*table{{p.a, p.b}, {p.b, p.a}} {
		from, in := d[0], d[1]
		from.found = map[int32][]entry{}
		for first := 0; first < len(from.again); first += p.in.BlockRows {
			rows := from.again[first:min(first+p.in.BlockRows, len(from.again))]
			if err := p.searchRows(rows, from, in); err != nil {
				return err
			}
		}
		for row, list := range from.found {
			from.mean[row] = mean(list, in, p.in.K)
		}
	}
	return nil
}

func (p *pair) searchRows(rows []int32, from, in *table) error {
	var vectors []float32
	at := 0
	err := from.embeddings.each(int(rows[0]), int(rows[len(rows)-1])+1, func(row int, r *schemas.EmbeddingRow) error {
		if at < len(rows) && int(rows[at]) == row {
			vectors = append(vectors, r.Embedding...)
			at++
		}
		return nil
	})
	if err != nil {
		return err
	}
	lists := make([][]entry, len(rows))
	for n, row := range rows {
		lists[n] = make([]entry, 0, p.in.K+1)
		from.found[row] = nil
	}
	err = in.embeddings.each(0, in.rows, func(row int, r *schemas.EmbeddingRow) error {
		if int(in.group[row]) != row { // one of each group
			return nil
		}
		d := len(r.Embedding)
		for n := range rows {
			offer(&lists[n], entry{int32(row), dot(vectors[n*d:(n+1)*d], r.Embedding)}, p.in.K)
		}
		if row%256 == 0 {
			return p.went(0)
		}
		return nil
	})
	for n, row := range rows {
		from.found[row] = lists[n]
	}
	return err
}

// offer puts an entry where it belongs among the k best.
func offer(list *[]entry, e entry, k int) {
	l := *list
	if len(l) == k && !e.before(l[k-1]) {
		return
	}
	at := len(l)
	for at > 0 && e.before(l[at-1]) {
		at--
	}
	if len(l) < k {
		l = append(l, entry{})
	}
	copy(l[at+1:], l[at:])
	l[at] = e
	*list = l
}

// dot is the score that the search for neighbours gives: a float64 dot product in index order, rounded once.
func dot(x, y []float32) float32 {
	sum := 0.0
	for i, v := range x {
		sum += float64(v) * float64(y[i])
	}
	return float32(sum)
}

// share finds for every article those of the other language that share most with it, by the tokens that propose.
func (p *pair) share() error {
	for _, t := range []*table{p.a, p.b} {
		t.shares = make([]entry, t.rows*p.in.K)
	}
	for b := 0; b < p.b.rows; b += p.in.BlockRows {
		target, err := p.b.tokens(b, min(b+p.in.BlockRows, p.b.rows))
		if err != nil {
			return err
		}
		index := newIndex(target)
		for a := 0; a < p.a.rows; a += p.in.BlockRows {
			source, err := p.a.tokens(a, min(a+p.in.BlockRows, p.a.rows))
			if err != nil {
				return err
			}
			for row := range source.rows() {
				index.ask(source, row)
				at := int32(source.from + row)
				for _, other := range index.touched {
					score := float32(float64(index.sums[other]) / (lexicon.Unit * lexicon.Unit))
					index.sums[other] = 0
					if score > 0 {
						p.a.share(at, entry{int32(target.from) + other, score}, p.in.K)
						p.b.share(int32(target.from)+other, entry{at, score}, p.in.K)
					}
				}
				if row%1024 == 0 {
					if err := p.went(0); err != nil {
						return err
					}
				}
			}
		}
	}
	for _, t := range []*table{p.a, p.b} {
		other := p.b
		if t == p.b {
			other = p.a
		}
		t.shared = make([]float32, t.rows)
		for row := range t.shared {
			sum := 0.0
			for _, e := range t.shares[row*p.in.K : (row+1)*p.in.K] {
				sum += float64(e.score)
			}
			t.shared[row] = float32(sum / float64(max(min(p.in.K, other.distinct), 1)))
		}
	}
	return p.went(p.a.rows + p.b.rows)
}

// contender is a row that is to be written.
type contender struct {
	a, b  int32
	score float32
	known bool // the score
}

// write writes the contenders, a block of sources at a time.
func (p *pair) write(w *arrowfile.Writer[schemas.EvidenceRow]) error {
	for from := 0; from < p.a.rows; from += p.in.BlockRows {
		to := min(from+p.in.BlockRows, p.a.rows)
		list, err := p.contenders(int32(from), int32(to))
		if err != nil {
			return err
		}
		if err := p.weigh(list, from, to, w); err != nil {
			return err
		}
	}
	return p.went(p.a.rows)
}

// contenders are those of the sources from..to-1, in order.
func (p *pair) contenders(from, to int32) (list []contender, err error) {
	add := func(a, b int32, score float32, known bool) {
		if a >= from && a < to {
			list = append(list, contender{a, b, score, known})
		}
	}
	err = p.a.eachList(p.in.A.Neighbours, p.b, func(a int32, l []entry) error {
		if a < from || a >= to || p.a.copyOf[a] != a {
			return nil
		}
		l, _ = p.b.nearest(slices.Concat(l, p.a.found[a]), p.in.K)
		for _, e := range l {
			add(a, e.row, e.score, true)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = p.b.eachList(p.in.B.Neighbours, p.a, func(b int32, l []entry) error {
		if p.b.copyOf[b] != b {
			return nil
		}
		l, _ = p.a.nearest(slices.Concat(l, p.b.found[b]), p.in.K)
		for _, e := range l {
			add(e.row, b, e.score, true)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for a := from; a < to; a++ {
		for _, e := range p.a.sharing(a, p.in.K) {
			add(a, e.row, 0, false)
		}
	}
	for b := range int32(p.b.rows) {
		for _, e := range p.b.sharing(b, p.in.K) {
			add(e.row, b, 0, false)
		}
	}
	slices.SortFunc(list, func(x, y contender) int {
		return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), -cmp.Compare(btoi(x.known), btoi(y.known)))
	})
	return slices.CompactFunc(list, func(x, y contender) bool { return x.a == y.a && x.b == y.b }), nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// weigh scores the contenders of a block of sources, and writes them.
func (p *pair) weigh(list []contender, from, to int, w *arrowfile.Writer[schemas.EvidenceRow]) error {
	source, err := p.a.tokens(from, to)
	if err != nil {
		return err
	}
	vectors, err := p.a.vectorsOf(from, to)
	if err != nil {
		return err
	}
	tokens := make([]float32, len(list))
	for b := 0; b < p.b.rows; b += p.in.BlockRows {
		end := min(b+p.in.BlockRows, p.b.rows)
		target, err := p.b.tokens(b, end)
		if err != nil {
			return err
		}
		others, err := p.b.vectorsOf(b, end)
		if err != nil {
			return err
		}
		for i := range list {
			c := &list[i]
			if int(c.b) < b || int(c.b) >= end {
				continue
			}
			x, y := int(c.a)-from, int(c.b)-b
			tokens[i] = cosine(source, x, target, y)
			if !c.known {
				c.score = dot(vectors.of(x), others.of(y))
				p.counts["proposed"]++
			}
		}
		if err := p.went(0); err != nil {
			return err
		}
	}
	p.counts["contenders"] += int64(len(list))
	for i, c := range list {
		err := w.Append(schemas.EvidenceRow{Source: c.a, Target: c.b, Score: c.score, SourceMean: p.a.mean[c.a], TargetMean: p.b.mean[c.b],
			Tokens: tokens[i], SourceTokens: p.a.shared[c.a], TargetTokens: p.b.shared[c.b]})
		if err != nil {
			return err
		}
	}
	return nil
}

func cosine(a *tokens, x int, b *tokens, y int) float32 {
	xFrom, xTo, yFrom, yTo := a.offsets[x], a.offsets[x+1], b.offsets[y], b.offsets[y+1]
	return lexicon.Cosine(a.hashes[xFrom:xTo], a.weights[xFrom:xTo], b.hashes[yFrom:yTo], b.weights[yFrom:yTo])
}

func corrupt(format string, args ...any) error {
	return fault.New(schemas.CorruptObject, "evidence: "+format, args...)
}
