package t5

import (
	"encoding/json"
	"fmt"
	"sort"
)

// LanguageToken is the token that starts the decoder for a language: in config.json `"russian": [36, "▁<extra_id_63>"]`.
type LanguageToken struct {
	ID    int
	Piece string
}

// MarshalJSON writes [id, piece].
func (t LanguageToken) MarshalJSON() ([]byte, error) { return json.Marshal([]any{t.ID, t.Piece}) }

// UnmarshalJSON reads [id, piece].
func (t *LanguageToken) UnmarshalJSON(raw []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("langid_map: %s is not [id, piece]", raw)
	}
	if err := json.Unmarshal(pair[0], &t.ID); err != nil {
		return fmt.Errorf("langid_map: %s is not [id, piece]: %w", raw, err)
	}
	return json.Unmarshal(pair[1], &t.Piece)
}

// LanguageTokens maps a language's name to its start token.
type LanguageTokens map[string]LanguageToken

// Names are the languages in byte order.
func (l LanguageTokens) Names() []string {
	names := make([]string, 0, len(l))
	for name := range l {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// IDs are the ids of all start tokens: banned in labels and in generated text.
func (l LanguageTokens) IDs() []int {
	ids := make([]int, 0, len(l))
	for _, name := range l.Names() {
		ids = append(ids, l[name].ID)
	}
	return ids
}

func (l LanguageTokens) validate(vocabulary int) error {
	taken := map[int]string{}
	for _, name := range l.Names() {
		id := l[name].ID
		if id < 0 || id >= vocabulary {
			return fmt.Errorf("langid_map: %s has id %d, outside the vocabulary of %d", name, id, vocabulary)
		}
		if other, ok := taken[id]; ok {
			return fmt.Errorf("langid_map: %s and %s share id %d", other, name, id)
		}
		taken[id] = name
	}
	return nil
}

// readLanguages takes langid_map from task_specific_params, which may hold nothing else.
func (c *Config) readLanguages(raw json.RawMessage) error {
	var params map[string]json.RawMessage
	if err := json.Unmarshal(raw, &params); err != nil {
		return fmt.Errorf("task_specific_params: %w", err)
	}
	for name := range params {
		if name != "langid_map" {
			return fmt.Errorf("field task_specific_params.%q is not supported", name)
		}
	}
	if params["langid_map"] == nil {
		return nil
	}
	return json.Unmarshal(params["langid_map"], &c.Languages)
}

// FirstFreeSentinel is where languages outside the published 45 begin: <extra_id_99> to <extra_id_55> belong to those.
const FirstFreeSentinel = 54

// Assign gives languages without a start token the free sentinels, from <extra_id_54> downward, in the order of names.
// lookup is the id of a piece in the model's vocabulary, false if it has none. It returns the names that are new.
func (l LanguageTokens) Assign(names []string, lookup func(piece string) (int, bool)) ([]string, error) {
	taken := map[int]bool{}
	for _, token := range l {
		taken[token.ID] = true
	}
	names = append([]string(nil), names...)
	sort.Strings(names)
	next := FirstFreeSentinel
	var added []string
	for _, name := range names {
		if _, ok := l[name]; ok {
			continue
		}
		for ; next >= 0; next-- {
			id, ok := lookup(SentinelPiece(next))
			if ok && !taken[id] {
				l[name], taken[id] = LanguageToken{ID: id, Piece: SentinelPiece(next)}, true
				added = append(added, name)
				break
			}
		}
		if next < 0 {
			return nil, fmt.Errorf("no sentinel is left to start the decoder for %q: the model's vocabulary has %d languages already; "+
				"train on fewer target languages or start from a model with more <extra_id_N> pieces", name, len(l))
		}
	}
	return added, nil
}

// SentinelPiece is the vocabulary piece of <extra_id_n>.
func SentinelPiece(n int) string { return fmt.Sprintf("▁<extra_id_%d>", n) }
