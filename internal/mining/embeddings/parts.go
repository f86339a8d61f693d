package embeddings

import (
	"bytes"
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/schemas"

	"github.com/apache/arrow/go/v17/arrow"
)

// Encode turns the texts of an Arrow file of schemas.TextRow into schemas.EmbeddingRow, row order kept, and counts tokens.
type Encode func(ctx context.Context, input, output string) (tokens int64, err error)

// Chain is the list of parts of one language and encoder.
type Chain struct {
	Store *store.Store
	Name  string // of the reference list: "embeddings/<key of the encoder>/<language>"
	// Articles is the digest of the articles file that new parts are made for: it tells which parts are its own.
	Articles string
	Encode   Encode

	parts     []part
	dimension int
}

// part is one published part.
type part struct {
	path   string
	texts  int64
	tokens int64
	own    bool // made for Articles
}

// Keys of a part's schema metadata.
const (
	metaArticles = "articles"
	metaTokens   = "tokens"
)

// Complete reads the chain and adds parts until every text has its embedding. Of several writers of a part the first wins;
// the others take what stands there and go on from it.
func (c *Chain) Complete(ctx context.Context, t *Texts) error {
	for {
		if err := c.read(ctx, t); err != nil {
			return err
		}
		list := t.next()
		if len(list) == 0 && len(c.parts) > 0 { // no text at all makes an empty part, which tells the dimension
			return nil
		}
		if err := c.extend(ctx, t, list); err != nil {
			return err
		}
	}
}

// Own counts the texts and tokens of the parts that were made for Articles: the same number after a retry, though the retry
// found some of them published.
func (c *Chain) Own() (texts, tokens int64) {
	for _, p := range c.parts {
		if p.own {
			texts, tokens = texts+p.texts, tokens+p.tokens
		}
	}
	return texts, tokens
}

// read takes in the parts that were added since the last time, and marks what they have.
func (c *Chain) read(ctx context.Context, t *Texts) error {
	refs, err := c.Store.Refs(c.Name)
	if err != nil {
		return err
	}
	for _, digest := range refs[len(c.parts):] {
		path, err := c.Store.Path(digest)
		if err != nil {
			return err
		}
		p := part{path: path}
		dimension, err := arrowfile.Dimension(path, "embedding")
		if err != nil {
			return corrupt("part %d of %s: %v: restore the object, or remove the folder refs/%s of the store: its texts are then embedded again",
				len(c.parts)+1, c.Name, err, c.Name)
		}
		if c.dimension != 0 && dimension != c.dimension {
			return corrupt("part %d of %s has vectors of %d values, the parts before have %d", len(c.parts)+1, c.Name, dimension, c.dimension)
		}
		c.dimension = dimension
		schema, err := arrowfile.Schema(path)
		if err != nil {
			return err
		}
		p.own = value(schema, metaArticles) == c.Articles
		p.tokens, _ = strconv.ParseInt(value(schema, metaTokens), 10, 64)
		from := 0
		p.texts, err = c.scan(ctx, t, p, func(digest []byte, _ []float32) error {
			if i := t.find(&from, digest); i >= 0 {
				t.known[i] = true
			}
			return nil
		})
		if err != nil {
			return err
		}
		c.parts = append(c.parts, p)
	}
	return nil
}

func value(schema *arrow.Schema, key string) string {
	v, _ := schema.Metadata().GetValue(key)
	return v
}

// find moves from to the first entry that is not before digest; its index if it is digest, else -1. Digests come rising.
func (t *Texts) find(from *int, digest []byte) int {
	for ; *from < len(t.entries); *from++ {
		switch bytes.Compare(t.entries[*from].digest[:], digest[:half]) {
		case 0:
			return *from
		case 1:
			return -1
		}
	}
	return -1
}

// scan calls f with every row of a part and counts them. Digests must rise.
func (c *Chain) scan(ctx context.Context, t *Texts, p part, f func(digest []byte, vector []float32) error) (rows int64, err error) {
	var last, digest [32]byte
	err = arrowfile.Each(p.path, func(r *schemas.VectorRow) error {
		if rows%beatRows == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			t.beat()
		}
		text := r.TextDigest
		if n, err := hex.Decode(digest[:], []byte(text)); len(text) != 64 || err != nil || n != len(digest) {
			return corrupt("%s: row %d has no digest but %.80q", p.path, rows, text)
		}
		if rows > 0 && bytes.Compare(last[:], digest[:]) >= 0 {
			return corrupt("%s: row %d: digests do not rise", p.path, rows)
		}
		if len(r.Embedding) != c.dimension {
			return corrupt("%s: vectors of %d values, wanted %d", p.path, len(r.Embedding), c.dimension)
		}
		last = digest
		rows++
		return f(digest[:], r.Embedding)
	})
	return rows, err
}

// extend encodes the texts of list and publishes them as the next part, unless another writer was faster.
func (c *Chain) extend(ctx context.Context, t *Texts, list []int32) error {
	draft, err := c.Store.Draft()
	if err != nil {
		return err
	}
	defer draft.Close()
	input, output := filepath.Join(draft.Dir, "texts.arrow"), filepath.Join(draft.Dir, "encoded.arrow")
	if err := t.writeTexts(input, list); err != nil {
		return err
	}
	tokens, err := c.Encode(ctx, input, output)
	if err != nil {
		return err
	}
	path := filepath.Join(draft.Dir, "part.arrow")
	if err := c.writePart(t, list, output, path, tokens); err != nil {
		return err
	}
	file, err := c.Store.Put(path)
	if err != nil {
		return err
	}
	_, err = c.Store.AddRef(c.Name, len(c.parts)+1, file.Digest)
	return err
}

// writePart keeps digest and vector of what the encoder wrote.
func (c *Chain) writePart(t *Texts, list []int32, encoded, path string, tokens int64) error {
	dimension, err := arrowfile.Dimension(encoded, "embedding")
	if err != nil {
		return err
	}
	if c.dimension != 0 && dimension != c.dimension { // before it is published
		return corrupt("%s: the encoder gives vectors of %d values, and the parts before have %d: they are of another one", c.Name, dimension, c.dimension)
	}
	meta := arrow.NewMetadata([]string{metaArticles, metaTokens}, []string{c.Articles, strconv.FormatInt(tokens, 10)})
	w, err := arrowfile.CreateVectors[schemas.VectorRow](path, dimension, &meta)
	if err != nil {
		return err
	}
	defer os.Remove(encoded)
	n := 0
	err = arrowfile.Each(encoded, func(r *schemas.EmbeddingRow) error {
		if n == len(list) || !t.isOf(list[n], r.TextDigest) {
			return corrupt("%s: the encoder gave row %d the digest %q, which is not that of the text it got", c.Name, n, r.TextDigest)
		}
		n++
		return w.Append(schemas.VectorRow{TextDigest: r.TextDigest, Embedding: r.Embedding})
	})
	if err == nil && n != len(list) {
		err = corrupt("%s: the encoder got %d texts and gave %d rows", c.Name, len(list), n)
	}
	if err != nil {
		w.Close()
		return err
	}
	return w.Close()
}
