package tokenizer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// BERT is BERT's fast tokenizer: words cut into WordPieces. A special token that a text spells out becomes its id, as
// in transformers, unless tokenizer_config.json says split_special_tokens: then it is text.
type BERT struct {
	text     bertText
	pieces   *wordPiece
	added    addedTokens
	size     int
	cls, sep int32 // around every text; -1: no special tokens are added (StaticEmbedding)
}

// Encode is [CLS], the pieces, [SEP].
func (t *BERT) Encode(text string, maxTokens int) ([]int32, error) {
	room := maxTokens
	var ids []int32
	if t.cls >= 0 {
		ids, room = append(ids, t.cls), maxTokens-1
	}
	t.added.each(text, t.text.normalize, func(id int32, plain string) bool {
		if id >= 0 {
			ids = append(ids, id)
			return len(ids) < room
		}
		words(plain, func(word string) bool {
			ids = t.pieces.cut(word, ids)
			return len(ids) < room
		})
		return len(ids) < room
	})
	ids = ids[:min(len(ids), room)]
	if t.cls >= 0 {
		ids = append(ids, t.sep)
	}
	return ids, nil
}

// Size is above every id.
func (t *BERT) Size() int { return t.size }

// newBERT is BertTokenizer of a vocabulary with the settings of tokenizer_config.json and the tokens that the directory adds.
func newBERT(vocabulary map[string]int32, c *Config, more *listed, rows int) (*BERT, error) {
	var names []string
	for _, s := range []struct {
		name    string
		token   token
		missing string
	}{
		{"unk_token", c.Unk, "[UNK]"}, {"cls_token", c.Cls, "[CLS]"}, {"sep_token", c.Sep, "[SEP]"}, {"pad_token", c.Pad, "[PAD]"},
		{"mask_token", c.Mask, "[MASK]"},
	} {
		if s.token.LStrip || s.token.RStrip || s.token.SingleWord {
			return nil, fmt.Errorf("%s %q has lstrip, rstrip or single_word, which is not supported", s.name, s.token.Content)
		}
		names = append(names, cmp.Or(s.token.Content, s.missing))
	}
	pieces, err := newWordPiece(vocabulary, names[0])
	if err != nil {
		return nil, err
	}
	strip := c.DoLowerCase
	if c.StripAccents != nil {
		strip = *c.StripAccents
	}
	t := &BERT{text: bertText{clean: true, ideographs: c.ChineseChars, strip: strip, lower: c.DoLowerCase}, pieces: pieces, size: pieces.size}
	var tokens []addedToken
	for _, text := range names {
		id, ok := pieces.id(text)
		if !ok {
			return nil, fmt.Errorf("special token %q is not in the vocabulary", text)
		}
		tokens = append(tokens, addedToken{ID: id, Content: text, Special: true})
	}
	t.cls, t.sep = tokens[1].ID, tokens[2].ID
	if err := more.beside(names, pieces, rows); err != nil {
		return nil, err
	}
	for _, token := range append(tokens, more.tokens...) {
		if !(token.Special && c.SplitSpecial) {
			t.added.add(token, t.text.normalize)
		}
		t.size = max(t.size, int(token.ID)+1)
	}
	return t, nil
}

// beside checks the tokens against a vocabulary of WordPieces, and leaves out those that are special there already.
func (l *listed) beside(special []string, pieces *wordPiece, rows int) error {
	for _, text := range slices.Sorted(maps.Keys(l.names)) {
		id, ok := pieces.id(text)
		if !ok {
			return fmt.Errorf("%s: names the special token %q, and neither the vocabulary nor a file has its id: write it into %s, or take the name out", l.names[text], text, addedFile)
		}
		l.tokens = append(l.tokens, addedToken{ID: id, Content: text, Special: true})
	}
	for _, t := range l.tokens {
		id, ok := pieces.id(t.Content)
		if ok && id != t.ID {
			return l.refuse(t, "has id %d, and the vocabulary has it as %d: bring the vocabulary that belongs to the weights, or take the token out", t.ID, id)
		}
		if !ok && int(t.ID) < pieces.size {
			return l.refuse(t, "has id %d, which is that of another piece: ids from %d on are free", t.ID, pieces.size)
		}
		if int(t.ID) >= rows {
			return l.refuse(t, beyondRows, t.ID, rows)
		}
	}
	l.tokens = slices.DeleteFunc(l.tokens, func(t addedToken) bool { return slices.Contains(special, t.Content) })
	return nil
}
