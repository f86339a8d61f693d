package tokenizer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addedTokens are found in a text before it is cut: those that are looked for as they are written in the raw text, then the others in what is
// left of it, normalized. At one place the longest counts.
type addedTokens struct{ raw, normalized tokenSet }

type tokenSet struct {
	tokens []addedToken // longest first
	starts [256]bool    // their first bytes
}

func (s *tokenSet) add(t addedToken) {
	at, _ := slices.BinarySearchFunc(s.tokens, t, func(a, b addedToken) int {
		return cmp.Or(cmp.Compare(len(b.Content), len(a.Content)), cmp.Compare(a.Content, b.Content), cmp.Compare(a.ID, b.ID))
	})
	s.tokens = slices.Insert(s.tokens, at, t)
	s.starts[t.Content[0]] = true
}

// next finds the first token at or behind place from, -1 where there is none.
func (s *tokenSet) next(text string, from int) (int, *addedToken) {
	if len(s.tokens) == 0 {
		return -1, nil
	}
	for i := from; i < len(text); i++ {
		if !s.starts[text[i]] {
			continue
		}
		for k := range s.tokens {
			if strings.HasPrefix(text[i:], s.tokens[k].Content) {
				return i, &s.tokens[k]
			}
		}
	}
	return -1, nil
}

// each calls yield for the parts of a text in order, until it answers false: a token's id and its text, or -1 and text between tokens.
func (s *tokenSet) each(text string, yield func(id int32, part string) bool) bool {
	done := 0
	for from := 0; ; {
		at, t := s.next(text, from)
		if at < 0 {
			break
		}
		start, end := at, at+len(t.Content)
		from = end
		if t.SingleWord && (endsWithWord(text[:start]) || startsWithWord(text[end:])) {
			continue
		}
		if t.LStrip {
			start = max(len(strings.TrimRightFunc(text[:start], unicode.IsSpace)), done)
		}
		if t.RStrip {
			end = len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
		}
		if done < start && !yield(-1, text[done:start]) || !yield(t.ID, text[min(start, end):end]) {
			return false
		}
		done = end
	}
	return done >= len(text) || yield(-1, text[done:])
}

// each calls yield for the parts of a text in order, until it answers false: a token's id, or -1 and text between tokens, normalized.
func (a *addedTokens) each(text string, normalize normalizer, yield func(id int32, part string) bool) {
	a.raw.each(text, func(id int32, part string) bool {
		if id >= 0 {
			return yield(id, part)
		}
		return a.normalized.each(normalize(part), yield)
	})
}

// take adds the tokens of tokenizer.json; lookup is the id of a piece, size what ids of pieces are below. Ids are those that the package
// gives: a piece's own, else the next free one. It returns the size with the tokens.
func (a *addedTokens) take(tokens []addedToken, size int, lookup func(text string) (int32, bool), normalize normalizer) (int, error) {
	seen := map[string]bool{}
	for _, t := range tokens {
		if t.Content == "" || seen[t.Content] {
			return 0, fmt.Errorf("added_tokens: %q with id %d is empty, or there twice", t.Content, t.ID)
		}
		seen[t.Content] = true
		id, isPiece := lookup(t.Content)
		if !isPiece {
			id = int32(size)
			size++
		}
		if id != t.ID {
			return 0, fmt.Errorf("added_tokens: %q has id %d, and the package tokenizers gives it %d: save the tokenizer again with it", t.Content, t.ID, id)
		}
		a.add(t, normalize)
	}
	return size, nil
}

func (a *addedTokens) add(t addedToken, normalize normalizer) {
	if !t.Normalized {
		a.raw.add(t)
	} else if t.Content = normalize(t.Content); t.Content != "" {
		a.normalized.add(t)
	}
}

func endsWithWord(text string) bool {
	r, size := utf8.DecodeLastRuneInString(text)
	return size > 0 && isWord(r)
}

func startsWithWord(text string) bool {
	r, size := utf8.DecodeRuneInString(text)
	return size > 0 && isWord(r)
}

// isWord tells whether a code point belongs to words, as regular expressions have it (\w).
func isWord(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}
