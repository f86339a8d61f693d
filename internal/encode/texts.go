package encode

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"

	"crosssum/internal/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// texts are the rows of a request and their distinct texts.
type texts struct {
	rows  []row
	texts []text
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

// readTexts reads columns language, id and column of an Arrow file.
func readTexts(path, column, prefix string) (*texts, error) {
	fields, err := columns(path, "language", "id", column)
	if err != nil {
		return nil, err
	}
	in := &texts{}
	seen := map[string]int{}
	err = arrowfile.Each(path, nil, func(r arrowfile.Row) error {
		content := prefix + r.Str(fields[2])
		sum := sha256.Sum256([]byte(content))
		digest := hex.EncodeToString(sum[:])
		index, ok := seen[digest]
		if !ok {
			index = len(in.texts)
			seen[digest] = index
			in.texts = append(in.texts, text{content: content, digest: digest, row: len(in.rows)})
		}
		in.rows = append(in.rows, row{arrowfile.Clone(r.Str(fields[0])), arrowfile.Clone(r.Str(fields[1])), index})
		return nil
	})
	return in, err
}

// columns finds columns of strings by name.
func columns(path string, names ...string) ([]int, error) {
	schema, err := arrowfile.Schema(path)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, name := range names {
		indices := schema.FieldIndices(name)
		if len(indices) != 1 || schema.Field(indices[0]).Type.Name() != "utf8" {
			return nil, &engine.Error{Type: schemas.InvalidInput, Message: fmt.Sprintf("%s: has no column of strings %q", path, name)}
		}
		out = append(out, indices[0])
	}
	return out, nil
}

// tokenize cuts every text and counts the tokens.
func (in *texts) tokenize(e *encoder, maxTokens int) (int64, error) {
	var tokens int64
	for i := range in.texts {
		t := &in.texts[i]
		ids, err := e.tokenizer.Encode(t.content, maxTokens)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", in.name(i), err)
		}
		t.ids = ids
		tokens += int64(len(ids))
	}
	return tokens, nil
}

// name says where a text was first seen.
func (in *texts) name(text int) string {
	r := in.rows[in.texts[text].row]
	return r.language + "/" + r.id
}

// batches cuts the texts, longest first, into lists of at most budget tokens each. The order of the input
// does not matter: texts of one length go by digest.
func (in *texts) batches(budget int) [][]int {
	order := make([]int, len(in.texts))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool {
		a, b := &in.texts[order[i]], &in.texts[order[j]]
		if len(a.ids) != len(b.ids) {
			return len(a.ids) > len(b.ids)
		}
		return a.digest < b.digest
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
