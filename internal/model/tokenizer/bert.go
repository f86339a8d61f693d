package tokenizer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// BERT is BERT's fast tokenizer: words cut into WordPieces. A special token that a text spells out becomes its id, as
// in transformers, unless tokenizer_config.json says split_special_tokens: then it is text.
type BERT struct {
	text     bertText
	pieces   *wordPiece
	specials []special // longest first; empty where special tokens are text
	starts   [256]bool // their first bytes
	cls, sep int32     // around every text; -1: no special tokens are added (StaticEmbedding)
}

// special is a token that is found in raw text before anything else.
type special struct {
	text string
	id   int32
}

// Encode is [CLS], the pieces, [SEP].
func (t *BERT) Encode(text string, maxTokens int) ([]int32, error) {
	room := maxTokens
	var ids []int32
	if t.cls >= 0 {
		ids, room = append(ids, t.cls), maxTokens-1
	}
	for text != "" && len(ids) < room {
		plain, found := text, special{id: -1}
		if at, s := t.next(text); at >= 0 {
			plain, found = text[:at], s
		}
		t.text.words(plain, func(word string) bool {
			ids = t.pieces.cut(word, ids)
			return len(ids) < room
		})
		text = text[len(plain)+len(found.text):]
		if found.id >= 0 {
			ids = append(ids, found.id)
		}
	}
	ids = ids[:min(len(ids), room)]
	if t.cls >= 0 {
		ids = append(ids, t.sep)
	}
	return ids, nil
}

// next finds the first special token in text, -1 if there is none.
func (t *BERT) next(text string) (int, special) {
	for i := range len(text) {
		if !t.starts[text[i]] {
			continue
		}
		for _, s := range t.specials {
			if strings.HasPrefix(text[i:], s.text) {
				return i, s
			}
		}
	}
	return -1, special{}
}

// Size is the number of ids.
func (t *BERT) Size() int { return t.pieces.size }

// setSpecials looks the special tokens up; one that the vocabulary does not have is an error.
func (t *BERT) setSpecials(tokens []string) error {
	for _, text := range tokens {
		id, ok := t.pieces.id(text)
		if text == "" || !ok {
			return fmt.Errorf("special token %q is not in the vocabulary", text)
		}
		t.specials = append(t.specials, special{text, id})
		t.starts[text[0]] = true
	}
	slices.SortFunc(t.specials, func(a, b special) int {
		return cmp.Or(cmp.Compare(len(b.text), len(a.text)), cmp.Compare(a.text, b.text))
	})
	return nil
}

// isSpecial tells whether text is one of the special tokens.
func (t *BERT) isSpecial(text string) bool {
	return slices.ContainsFunc(t.specials, func(s special) bool { return s.text == text })
}

// newBERT is BertTokenizer of a vocabulary with the settings of tokenizer_config.json.
func newBERT(vocabulary map[string]int32, c *Config) (*BERT, error) {
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
	t := &BERT{text: bertText{clean: true, ideographs: c.ChineseChars, strip: strip, lower: c.DoLowerCase}, pieces: pieces}
	if err := t.setSpecials(names); err != nil {
		return nil, err
	}
	t.cls, _ = pieces.id(names[1])
	t.sep, _ = pieces.id(names[2])
	if c.SplitSpecial {
		t.specials, t.starts = nil, [256]bool{}
	}
	return t, nil
}
