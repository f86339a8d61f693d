package encode

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// texts are the rows of a window of a request and their distinct texts.
type texts struct {
	rows  []row
	texts []text
	seen  map[string]int // digest -> index in texts
	bytes int
}

// row is one row of the input; text is an index.
type row struct {
	language, id string
	text         int
}

// text is one distinct text, prefix included.
type text struct {
	content string
	digest  string // SHA-256 hex of content
	row     int    // the first row with it
	ids     []int32
}

func newTexts() *texts { return &texts{seen: map[string]int{}} }

// add takes a row; content is the prefix and the text.
func (in *texts) add(language, id, content string) {
	sum := sha256.Sum256([]byte(content))
	digest := hex.EncodeToString(sum[:])
	index, ok := in.seen[digest]
	if !ok {
		index = len(in.texts)
		in.seen[digest] = index
		in.texts = append(in.texts, text{content: content, digest: digest, row: len(in.rows)})
		in.bytes += len(content)
	}
	in.rows = append(in.rows, row{language, id, index})
}

// byDigest lists the texts in the order of their digests, which is the same for every order of the rows.
func (in *texts) byDigest() []int {
	order := make([]int, len(in.texts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(in.texts[i].digest, in.texts[j].digest) })
	return order
}

// tokenize cuts text i and counts its tokens.
func (in *texts) tokenize(e *encoder, i, maxTokens int) (int64, error) {
	t := &in.texts[i]
	ids, err := e.tokenizer.Encode(t.content, maxTokens)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", in.name(i), err)
	}
	t.ids = ids
	return int64(len(ids)), nil
}

// name says where a text was first seen.
func (in *texts) name(text int) string {
	r := in.rows[in.texts[text].row]
	return r.language + "/" + r.id
}

// batches sorts the texts of order, longest first and texts of one length by digest, and cuts them into lists of at most
// budget tokens each.
func (in *texts) batches(order []int, budget int) [][]int {
	slices.SortFunc(order, func(i, j int) int {
		a, b := &in.texts[i], &in.texts[j]
		return cmp.Or(cmp.Compare(len(b.ids), len(a.ids)), cmp.Compare(a.digest, b.digest))
	})
	var out [][]int
	from, tokens := 0, 0
	for i, t := range order {
		if n := len(in.texts[t].ids); tokens+n > budget && i > from {
			out = append(out, order[from:i])
			from, tokens = i, n
		} else {
			tokens += n
		}
	}
	if from < len(order) {
		out = append(out, order[from:])
	}
	return out
}
