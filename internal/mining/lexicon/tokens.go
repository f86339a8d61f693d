// Package lexicon finds in texts what does not depend on their language, Latin words, numbers, identifiers and URLs, and
// weighs it by how rare it is among the articles of a language.
package lexicon

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	// Characters of a text that are looked at; of title and summary as many.
	Characters = 4000
	// Most tokens of an article that are kept: the rarest.
	Most = 512

	leastLetters  = 3   // of a word without a digit
	longestToken  = 64  // characters; what is longer is no word but a dump
	longestURL    = 256 // characters
	inIdentifiers = ".-/:+@#~&=?%"
)

// scanner cuts texts into tokens.
type scanner struct {
	found []uint32
	run   []rune // that is read: word characters, and what joins them
}

// tokens are the hashes of an article's tokens, ascending, each once. They are valid until the next call.
func (s *scanner) tokens(texts ...string) []uint32 {
	s.found = s.found[:0]
	for _, text := range texts {
		s.scan(text)
	}
	slices.Sort(s.found)
	s.found = slices.Compact(s.found)
	return s.found
}

// scan adds the tokens of the first Characters of a text: of "x.y-z" x, y, z and the whole.
func (s *scanner) scan(text string) {
	end := bounded(text)
	cut := end < len(text) // within a run, perhaps: what is cut off is no token
	s.run = s.run[:0]
	for _, r := range norm.NFKC.String(text[:end]) {
		if isWord(r) || len(s.run) > 0 && strings.ContainsRune(inIdentifiers, r) {
			s.run = append(s.run, lower(r))
			continue
		}
		s.flush()
	}
	if !cut {
		s.flush()
	}
}

// bounded is where the first Characters of a text end.
func bounded(text string) int {
	n := 0
	for at := range text {
		if n++; n > Characters {
			return at
		}
	}
	return len(text)
}

// flush takes the tokens of the run.
func (s *scanner) flush() {
	run := s.run
	s.run = s.run[:0]
	for len(run) > 0 && !isWord(run[len(run)-1]) {
		run = run[:len(run)-1]
	}
	from, parts := 0, 0
	for i := 0; i <= len(run); i++ {
		if i == len(run) || !isWord(run[i]) {
			if i > from {
				s.take(run[from:i], longestToken)
				parts++
			}
			from = i + 1
		}
	}
	if parts > 1 {
		longest := longestToken
		if strings.Contains(string(run[:min(len(run), 16)]), "://") {
			longest = longestURL
		}
		s.take(run, longest)
	}
}

// take adds a token unless it is too short or too long to say anything.
func (s *scanner) take(token []rune, longest int) {
	letters, digits := 0, 0
	h := uint64(14695981039346656037) // FNV-1a
	for _, r := range token {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case r != '_' && isWord(r):
			letters++
		}
		h = (h ^ uint64(r)) * 1099511628211
	}
	if len(token) <= longest && (digits > 0 || letters >= leastLetters) {
		s.found = append(s.found, uint32(h^h>>32))
	}
}

// isWord tells Latin letters, digits of any script and the underscore.
func isWord(r rune) bool {
	if r < 0x80 {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
	}
	return r < 0x250 && unicode.IsLetter(r) || unicode.Is(unicode.Latin, r) || unicode.IsDigit(r)
}

// lower brings letters to lower case and the digits of every script to those of ASCII.
func lower(r rune) rune {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	case unicode.IsDigit(r):
		return '0' + digit(r)
	}
	return unicode.ToLower(r)
}

// digit is the value of a digit: those of a script stand in order, from zero.
func digit(r rune) rune {
	for _, span := range unicode.Nd.R16 {
		if rune(span.Lo) <= r && r <= rune(span.Hi) {
			return (r - rune(span.Lo)) % 10
		}
	}
	for _, span := range unicode.Nd.R32 {
		if rune(span.Lo) <= r && r <= rune(span.Hi) {
			return (r - rune(span.Lo)) % 10
		}
	}
	return 0
}
