package embeddings

import (
	"context"
	"encoding/hex"
	"slices"
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// blockBytes is how much of the articles, of their vectors above all, Write holds at a time: the parts are read once for every
// block.
var blockBytes = 16 << 20 // changed by tests alone

const articleBytes = 256 // of an article in a block, beside its vector

// article is a row whose vector is looked for.
type article struct {
	language, id string
	digest       string
	entry        int32
	vector       []float32 // a place in the block
	found        bool
}

// Write makes the file of schemas.EmbeddingRow of all articles, in their order, from a chain that is Complete for them. It
// counts the vectors that are zero, which a StaticEmbedding gives texts without a known token.
func (c *Chain) Write(ctx context.Context, t *Texts, path string) (zero int64, err error) {
	w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](path, c.dimension, nil)
	if err != nil {
		return 0, err
	}
	if zero, err = c.write(ctx, t, w); err != nil {
		w.Close()
		return 0, err
	}
	return zero, w.Close()
}

func (c *Chain) write(ctx context.Context, t *Texts, w *arrowfile.Writer[schemas.EmbeddingRow]) (zero int64, err error) {
	size := min(max(blockBytes/(4*c.dimension+articleBytes), 1), len(t.entries))
	vectors := make([]float32, size*c.dimension)
	block := make([]article, 0, size)
	flush := func() error {
		if len(block) == 0 {
			return nil
		}
		err := c.fill(ctx, t, block)
		for _, a := range block {
			if !slices.ContainsFunc(a.vector, func(x float32) bool { return x != 0 }) {
				zero++
			}
			if err == nil {
				err = w.Append(schemas.EmbeddingRow{Language: a.language, ID: a.id, TextDigest: a.digest, Embedding: a.vector})
			}
		}
		block = block[:0]
		return err
	}
	row := 0
	err = t.each(func(r *schemas.ArticleRow) error {
		sum := t.digest(r)
		digest := hex.EncodeToString(sum[:])
		if row == len(t.entryOf) || !t.isOf(t.entryOf[row], digest) {
			return corrupt("%s: changed while it was read", t.articles)
		}
		at := len(block)
		block = append(block, article{language: arrowfile.Clone(r.Language), id: arrowfile.Clone(r.ID), digest: digest,
			entry: t.entryOf[row], vector: vectors[at*c.dimension : (at+1)*c.dimension]})
		row++
		if len(block) < size {
			return nil
		}
		return flush()
	})
	if err == nil && row != len(t.entryOf) {
		err = corrupt("%s: changed while it was read", t.articles)
	}
	if err == nil {
		err = flush()
	}
	return zero, err
}

// fill copies the vectors of the articles of a block out of the parts, reading each part once from its beginning.
func (c *Chain) fill(ctx context.Context, t *Texts, block []article) error {
	order := make([]int, len(block)) // by digest
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return block[order[i]].entry < block[order[j]].entry })
	for _, p := range c.parts {
		next, from := 0, 0
		_, err := c.scan(ctx, t, p, func(digest []byte, vector []float32) error {
			entry := t.find(&from, digest)
			for next < len(order) && int(block[order[next]].entry) < from {
				next++
			}
			for ; next < len(order) && int(block[order[next]].entry) == entry; next++ {
				if a := &block[order[next]]; !a.found {
					copy(a.vector, vector)
					a.found = true
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, a := range block {
		if !a.found {
			return corrupt("%s has no vector of the text of %s/%s, though it had when it was read", c.Name, a.language, a.id)
		}
	}
	return nil
}
