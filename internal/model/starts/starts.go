// Package starts has the tokens that start the decoder of a summarizer, one a language: langid_map in config.json.
package starts

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"crosssum/internal/fault"
	"crosssum/schemas"
)

// Token is the token that starts the decoder for a language: in config.json `"russian": [36, "▁<extra_id_63>"]`.
type Token struct {
	ID    int
	Piece string
}

// MarshalJSON writes [id, piece].
func (t Token) MarshalJSON() ([]byte, error) { return json.Marshal([]any{t.ID, t.Piece}) }

// UnmarshalJSON reads [id, piece].
func (t *Token) UnmarshalJSON(raw []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("langid_map: %s is not [id, piece]", raw)
	}
	if err := json.Unmarshal(pair[0], &t.ID); err != nil {
		return fmt.Errorf("langid_map: %s is not [id, piece]: %w", raw, schemas.InJSONsWords(err))
	}
	return schemas.InJSONsWords(json.Unmarshal(pair[1], &t.Piece))
}

// Tokens maps a language's name to its start token.
type Tokens map[string]Token

// Names are the languages in byte order.
func (t Tokens) Names() []string { return slices.Sorted(maps.Keys(t)) }

// Resolve gives every token the id of its piece, by lookup in the model's vocabulary: scripts that use published models look the piece up
// too, and the number beside it is either that id or the piece's place among the 100 sentinels, 99 - n of <extra_id_n>. A number that is
// neither is told in remarks. A piece that the vocabulary lacks, or that two languages share, is an error.
func (t Tokens) Resolve(lookup func(piece string) (int, bool)) (remarks []string, err error) {
	taken := map[string]string{}
	for _, name := range t.Names() {
		token := t[name]
		id, ok := lookup(token.Piece)
		if !ok {
			return nil, fmt.Errorf("langid_map: %s starts with the piece %q, which the vocabulary does not have: copy the vocabulary that belongs to "+
				"the weights, or correct the piece", name, token.Piece)
		}
		if other, ok := taken[token.Piece]; ok {
			return nil, fmt.Errorf("langid_map: %s and %s share the piece %q", other, name, token.Piece)
		}
		taken[token.Piece] = name
		var n int
		if _, err := fmt.Sscanf(strings.TrimPrefix(token.Piece, "▁"), "<extra_id_%d>", &n); token.ID != id && (err != nil || token.ID != 99-n) {
			remarks = append(remarks, fmt.Sprintf("langid_map of config.json has %d beside %q of %s; that piece is %d in the vocabulary, and it decides",
				token.ID, token.Piece, name, id))
		}
		t[name] = Token{ID: id, Piece: token.Piece}
	}
	return remarks, nil
}

// Read takes the map of a model's config.json, and nothing else of it.
func Read(config string) (tokens Tokens, err error) {
	raw, err := os.ReadFile(config)
	if err != nil {
		return nil, err
	}
	var fields struct {
		Params json.RawMessage `json:"task_specific_params"`
	}
	if err = json.Unmarshal(raw, &fields); err == nil {
		tokens, err = Parse(fields.Params)
	}
	if err != nil {
		return nil, fault.New(schemas.CorruptObject, "%s: %v", config, err)
	}
	return tokens, nil
}

// Parse takes the map from task_specific_params, if there are any. All else in there is for pipelines of transformers.
func Parse(params json.RawMessage) (tokens Tokens, err error) {
	var fields map[string]json.RawMessage
	if len(params) > 0 {
		err = json.Unmarshal(params, &fields)
	}
	if err != nil {
		return nil, fmt.Errorf("task_specific_params: %w", schemas.InJSONsWords(err))
	}
	if raw, ok := fields["langid_map"]; ok {
		err = json.Unmarshal(raw, &tokens)
	}
	return tokens, schemas.InJSONsWords(err)
}

// FirstFreeSentinel is where languages outside the published 45 begin: <extra_id_99> to <extra_id_55> belong to those.
const FirstFreeSentinel = 54

// Assign gives languages without a start token the free sentinels, from <extra_id_54> downward, in the order of names.
// lookup is the id of a piece in the model's vocabulary, false if it has none. It returns the names that are new.
func (t Tokens) Assign(names []string, lookup func(piece string) (int, bool)) ([]string, error) {
	taken := map[int]bool{}
	for _, token := range t {
		taken[token.ID] = true
	}
	next := FirstFreeSentinel
	var added []string
	for _, name := range slices.Sorted(slices.Values(names)) {
		if _, ok := t[name]; ok {
			continue
		}
		for ; next >= 0; next-- {
			piece, id, ok := sentinel(next, lookup)
			if ok && !taken[id] {
				t[name], taken[id] = Token{ID: id, Piece: piece}, true
				added = append(added, name)
				break
			}
		}
		if next < 0 {
			return nil, noneLeft(name, len(t), lookup)
		}
	}
	return added, nil
}

// noneLeft tells a vocabulary without any sentinel from one whose sentinels are taken.
func noneLeft(name string, languages int, lookup func(piece string) (int, bool)) error {
	for n := range 100 {
		if _, _, ok := sentinel(n, lookup); ok {
			return fmt.Errorf("no sentinel is left to start the decoder for %q: %d languages have one already; "+
				"train on fewer target languages or start from a model with more <extra_id_N> pieces", name, languages)
		}
	}
	return fmt.Errorf("no token can start the decoder for %q: the model's vocabulary has no <extra_id_N> pieces, and its tables have no 100 rows "+
		"behind the pieces, where T5 v1.1 has them; start from mT5 or T5 v1.1, with the vocabulary and the vocab_size that belong to its weights", name)
}

// sentinel is <extra_id_n> of a vocabulary: a piece as in mT5, or without the mark of a word, as in T5 v1.1, a token behind the pieces.
func sentinel(n int, lookup func(piece string) (int, bool)) (piece string, id int, ok bool) {
	piece = SentinelPiece(n)
	if id, ok = lookup(piece); !ok {
		piece = strings.TrimPrefix(piece, "▁")
		id, ok = lookup(piece)
	}
	return piece, id, ok
}

// SentinelPiece is the vocabulary piece of <extra_id_n>.
func SentinelPiece(n int) string { return fmt.Sprintf("▁<extra_id_%d>", n) }
