// Package embeddings is the store of embedded texts: a text's embedding is the first one published for its language and
// encoder. New texts are encoded in parts; a part is an Arrow object {text_digest, embedding} sorted by digest, and the
// chain of parts is a list of references in the store that only grows. So a run over old and new articles embeds the new
// ones, every run sees the same vector of a text, and an embedding that was made in another batch never replaces it.
package embeddings

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// A part has at most so many texts, and so many bytes of text unless a single one is longer: what the encoder holds in
// memory. A long list of new texts becomes several parts, each a point from which a retry goes on.
var ( // changed by tests alone
	partTexts = 1 << 15
	partBytes = 64 << 20
)

// Texts are the summaries of the articles of one language. Of each row it keeps half a digest, its size and places: 29 bytes.
type Texts struct {
	articles, prefix string
	beat             func()
	entries          []entry // by digest, then row
	entryOf          []int32 // by row
	known            []bool  // by entry: a part has it; of equal texts only the first entry counts
	distinct         int
	content          []byte // used again for every text
}

type entry struct {
	digest [half]byte // the first bytes of the SHA-256 of prefix and summary
	row    int32      // of the articles
	bytes  int32
}

// half is how many bytes of a digest are kept: no two texts have these in common.
const half = sha256.Size / 2

// Read takes the digests of the summaries of an articles file, the prefix included. beat is called while files are read.
func Read(articles, prefix string, beat func()) (*Texts, error) {
	rows, err := arrowfile.Rows(articles)
	if err != nil {
		return nil, err
	}
	t := &Texts{articles: articles, prefix: prefix, beat: beat, entries: make([]entry, 0, rows)}
	err = t.each(func(r *schemas.ArticleRow) error {
		digest := t.digest(r)
		t.entries = append(t.entries, entry{[half]byte(digest[:half]), int32(len(t.entries)), int32(len(prefix) + len(r.Summary))})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(t.entries, func(a, b entry) int {
		return cmp.Or(bytes.Compare(a.digest[:], b.digest[:]), cmp.Compare(a.row, b.row))
	})
	t.entryOf, t.known = make([]int32, len(t.entries)), make([]bool, len(t.entries))
	first := 0
	for i, e := range t.entries {
		if e.digest != t.entries[first].digest {
			first = i
		}
		if first == i {
			t.distinct++
		}
		t.entryOf[e.row] = int32(first)
	}
	return t, nil
}

// each calls f with every article.
func (t *Texts) each(f func(*schemas.ArticleRow) error) error {
	rows := 0
	return arrowfile.Each(t.articles, func(r *schemas.ArticleRow) error {
		if rows++; rows%beatRows == 0 {
			t.beat()
		}
		return f(r)
	})
}

// beatRows is how many rows are read in some tenths of a second at most.
const beatRows = 4096

// Rows is the number of articles, Distinct that of their texts.
func (t *Texts) Rows() int     { return len(t.entries) }
func (t *Texts) Distinct() int { return t.distinct }

// next lists the entries of the next part: the first texts in digest order that no part has.
func (t *Texts) next() []int32 {
	var list []int32
	size := 0
	for i := range t.entries {
		e := &t.entries[i]
		if t.known[i] || t.entryOf[e.row] != int32(i) {
			continue
		}
		if size += int(e.bytes); len(list) == partTexts || len(list) > 0 && size > partBytes {
			break
		}
		list = append(list, int32(i))
	}
	return list
}

// writeTexts makes the input of the encoder: a row a text, in digest order, named by its first article, without the prefix.
func (t *Texts) writeTexts(path string, list []int32) error {
	place := make(map[int32]int, len(list)) // of a row
	for i, n := range list {
		place[t.entries[n].row] = i
	}
	rows, row := make([]schemas.TextRow, len(list)), int32(0)
	err := t.each(func(r *schemas.ArticleRow) error {
		if i, ok := place[row]; ok {
			rows[i] = schemas.TextRow{Language: arrowfile.Clone(r.Language), ID: arrowfile.Clone(r.ID), Text: arrowfile.Clone(r.Summary)}
		}
		row++
		return nil
	})
	if err != nil {
		return err
	}
	return arrowfile.WriteRows(path, len(rows), func(i int) schemas.TextRow { return rows[i] })
}

// digest is that of an article's prefix and summary.
func (t *Texts) digest(r *schemas.ArticleRow) [sha256.Size]byte {
	t.content = append(append(t.content[:0], t.prefix...), r.Summary...)
	return sha256.Sum256(t.content)
}

// isOf tells whether a digest in hexadecimal is that of an entry.
func (t *Texts) isOf(entry int32, digest string) bool {
	return len(digest) == 2*sha256.Size && digest[:2*half] == hex.EncodeToString(t.entries[entry].digest[:])
}

func corrupt(format string, args ...any) error {
	return fault.New(schemas.CorruptObject, "embeddings: "+format, args...)
}
