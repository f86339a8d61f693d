package evidence

import (
	"math"
	"slices"

	"github.com/zeebo/xxh3"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/ids"
	"crosssum/internal/mining/lexicon"
	"crosssum/schemas"
)

// Two articles of a language whose summaries are near-equal count as one where they share nearly all of at least so many tokens:
// siblings, which differ in the word that matters, do not.
const nearTokens, nearCosine = 8, 0.95

// table is a language of a pair: what is in memory for each article.
type table struct {
	rows       int
	ids        ids.List
	index      *ids.Index
	copyOf     []int32
	group      []int32 // the first article of those that count as one: with the same summary, or near-equal
	distinct   int     // groups
	lexicon    *reader[schemas.LexiconRow]
	embeddings *reader[schemas.EmbeddingRow]

	mean   []float32         // cosine with the nearest groups of the other language
	again  []int32           // articles whose lists say too little
	found  map[int32][]entry // of those: the nearest groups
	shares []entry           // the K that share most; of score 0: none
	shared []float32         // their mean

	// Of a language of one block, what was read already: it is asked for again.
	whole   bool
	lists   [][]entry
	block   *tokens
	vectors vectors
}

func open(s Side, in Input) (t *table, err error) {
	t = &table{}
	if t.lexicon, err = newReader(s.Lexicon, func(_ int, r *schemas.LexiconRow) error {
		if !t.ids.Add(r.ID) || t.rows == math.MaxInt32-1 {
			return corrupt("%s: article %.60q: ids of %d bytes, or more than 2^31 articles, are not aligned", s.Lexicon, r.ID, len(r.ID))
		}
		of := int(r.CopyOf)
		if of < 0 || of > t.rows || of < t.rows && int(t.copyOf[of]) != of || len(r.Weights) != len(r.Tokens) || len(r.Articles) != len(r.Tokens) {
			return corrupt("%s: row %d (%s) is a copy of %d, or has lists of different lengths", s.Lexicon, t.rows, r.ID, of)
		}
		t.copyOf = append(t.copyOf, r.CopyOf)
		t.rows++
		return nil
	}); err != nil {
		return t, err
	}
	t.index, t.whole = ids.NewIndex(&t.ids), t.rows <= in.BlockRows
	same, rows := map[xxh3.Uint128]int32{}, 0
	if t.embeddings, err = newReader(s.Embeddings, func(_ int, r *schemas.EmbeddingRow) error {
		if rows == t.rows || t.ids.At(int32(rows+1)) != r.ID {
			return corrupt("%s: row %d (%.60s) stands where the articles have another", s.Embeddings, rows, r.ID)
		}
		digest := xxh3.HashString128(r.TextDigest)
		first, known := same[digest]
		if !known {
			first = int32(rows)
			same[digest] = first
		}
		t.group = append(t.group, first)
		if t.whole {
			t.vectors.add(r.Embedding, t.rows)
		}
		rows++
		return nil
	}); err != nil {
		return t, err
	}
	if rows != t.rows {
		return t, corrupt("%s: has %d rows for %d articles", s.Embeddings, rows, t.rows)
	}
	for row, of := range t.copyOf {
		t.join(int32(row), of)
	}
	if err := t.nearEqual(s, in); err != nil {
		return t, err
	}
	for row := range t.group {
		if t.root(int32(row)) == int32(row) {
			t.distinct++
		}
		t.group[row] = t.root(int32(row))
	}
	return t, nil
}

// root is the first article of a group that is still growing: every article points at one before it, or at itself.
func (t *table) root(row int32) int32 {
	for t.group[row] != row {
		t.group[row] = t.group[t.group[row]]
		row = t.group[row]
	}
	return row
}

func (t *table) join(x, y int32) {
	x, y = t.root(x), t.root(y)
	t.group[max(x, y)] = min(x, y)
}

// nearEqual joins the articles that the neighbours within the language show to be near-equal, and the tokens too.
func (t *table) nearEqual(s Side, in Input) error {
	var pairs [][2]int32
	wanted := map[int32]view{}
	if err := eachList(s.Own, t, t, func(row int32, list []entry) error {
		for _, e := range list {
			if e.row < row && float64(e.score) >= in.Duplicate && t.root(e.row) != t.root(row) {
				pairs = append(pairs, [2]int32{e.row, row})
				wanted[e.row], wanted[row] = view{}, view{}
			}
		}
		return nil
	}); err != nil || len(pairs) == 0 {
		return err
	}
	row := int32(0)
	mapped, err := arrowfile.Map(s.Lexicon, func(r *schemas.LexiconRow) error {
		if _, ok := wanted[row]; ok {
			wanted[row] = view{r.Tokens, r.Weights}
		}
		row++
		return nil
	})
	if err != nil {
		return err
	}
	defer mapped.Close()
	for _, p := range pairs {
		x, y := wanted[p[0]], wanted[p[1]]
		if min(len(x.tokens), len(y.tokens)) >= nearTokens && lexicon.Cosine(x.tokens, x.weights, y.tokens, y.weights) >= nearCosine {
			t.join(p[0], p[1])
		}
	}
	return nil
}

type view struct{ tokens, weights []int32 }

func (t *table) close() {
	if t == nil {
		return
	}
	t.lexicon.close()
	t.embeddings.close()
}

// share offers an article of the other language to the list of those that share most.
func (t *table) share(row int32, e entry, k int) {
	list := t.shares[int(row)*k : (int(row)+1)*k]
	if !e.before(list[k-1]) {
		return
	}
	at := k - 1
	for at > 0 && e.before(list[at-1]) {
		list[at] = list[at-1]
		at--
	}
	list[at] = e
}

// sharing is the list of those that share most.
func (t *table) sharing(row int32, k int) []entry {
	list := t.shares[int(row)*k : (int(row)+1)*k]
	n := 0
	for n < k && list[n].score > 0 {
		n++
	}
	return list[:n]
}

// tokens are those of the articles from.. of a language.
type tokens struct {
	from                      int
	offsets                   []int32
	hashes, weights, articles []int32
}

func (t *tokens) rows() int { return len(t.offsets) - 1 }

func (t *table) tokens(from, to int) (*tokens, error) {
	if t.block != nil {
		return t.block, nil
	}
	out := &tokens{from: from, offsets: make([]int32, 1, to-from+1)}
	err := t.lexicon.each(from, to, func(_ int, r *schemas.LexiconRow) error {
		out.hashes, out.weights, out.articles = append(out.hashes, r.Tokens...), append(out.weights, r.Weights...), append(out.articles, r.Articles...)
		out.offsets = append(out.offsets, int32(len(out.hashes)))
		return nil
	})
	if t.whole && err == nil {
		t.block = out
	}
	return out, err
}

// vectors are those of some articles.
type vectors struct {
	d      int
	values []float32
}

// add appends one of so many.
func (v *vectors) add(vector []float32, of int) {
	v.d = len(vector)
	v.values = append(slices.Grow(v.values, max(of*v.d-len(v.values), 0)), vector...)
}

func (v vectors) of(row int) []float32 { return v.values[row*v.d : (row+1)*v.d] }

func (t *table) vectorsOf(from, to int) (v vectors, err error) {
	if t.whole {
		return t.vectors, nil
	}
	err = t.embeddings.each(from, to, func(_ int, r *schemas.EmbeddingRow) error {
		v.add(r.Embedding, to-from)
		return nil
	})
	return v, err
}

// reader reads ranges of the rows of a file.
type reader[T any] struct {
	path   string
	file   *arrowfile.File[T]
	starts []int // first row of each batch, and the number of rows
}

// newReader shows every row to see.
func newReader[T any](path string, see func(row int, r *T) error) (*reader[T], error) {
	file, err := arrowfile.Open[T](path)
	if err != nil {
		return nil, err
	}
	r := &reader[T]{path: path, file: file, starts: []int{0}}
	for i := 0; i < file.Batches() && err == nil; i++ {
		err = file.Batch(i, func(b *arrowfile.Batch[T]) error {
			first := r.starts[i]
			r.starts = append(r.starts, first+b.Rows)
			for row := range b.Rows {
				if err := see(first+row, b.At(row)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return r, nil
}

// each calls use with the rows from..to-1.
func (r *reader[T]) each(from, to int, use func(row int, r *T) error) error {
	for i := 0; i+1 < len(r.starts); i++ {
		if r.starts[i+1] <= from || r.starts[i] >= to {
			continue
		}
		err := r.file.Batch(i, func(b *arrowfile.Batch[T]) error {
			if b.Rows != r.starts[i+1]-r.starts[i] {
				return corrupt("%s changed while it was read", r.path)
			}
			for row := max(from, r.starts[i]); row < min(to, r.starts[i+1]); row++ {
				if err := use(row, b.At(row-r.starts[i])); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader[T]) close() {
	if r != nil {
		r.file.Close()
	}
}

// eachList is eachList of a file, which is read once if there is room for its lists.
func (t *table) eachList(path string, in *table, use func(row int32, list []entry) error) error {
	if t.lists == nil {
		keep := t.whole
		if keep {
			t.lists = make([][]entry, t.rows)
		}
		return eachList(path, t, in, func(row int32, list []entry) error {
			if keep {
				t.lists[row] = slices.Clone(list)
			}
			return use(row, list)
		})
	}
	for row, list := range t.lists {
		if len(list) > 0 {
			if err := use(int32(row), list); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachList calls use with the list of each article that has one, in order. It is valid until the next.
func eachList(path string, from, in *table, use func(row int32, list []entry) error) error {
	row, list := int32(-1), make([]entry, 0, 64)
	flush := func() error {
		if len(list) == 0 {
			return nil
		}
		return use(row, list)
	}
	err := arrowfile.Each(path, func(r *schemas.NeighbourRow) error {
		if r.Rank == 0 {
			if err := flush(); err != nil {
				return err
			}
			row++
			list = list[:0]
		}
		if row < 0 || int(row) >= from.rows || from.ids.At(row+1) != r.SourceID || int(r.Rank) != len(list) {
			return corrupt("%s: rank %d of %.60q stands where another is wanted", path, r.Rank, r.SourceID)
		}
		place := in.index.Place(r.TargetID)
		if place == 0 || math.IsNaN(float64(r.Score)) {
			return corrupt("%s: %.60q is no article, or has score %v", path, r.TargetID, r.Score)
		}
		list = append(list, entry{place - 1, r.Score})
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}
