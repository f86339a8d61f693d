package rouge

import (
	"strings"
	"unicode/utf8"
)

// regions is a word with the Snowball regions that suffixes are looked for in, as strings that end where the word ends.
type regions struct{ word, r1, r2, rv string }

// cut drops n bytes, which are whole characters, at the end of the word and of each region.
func (s *regions) cut(n int) {
	s.word, s.r1, s.r2, s.rv = trim(s.word, n), trim(s.r1, n), trim(s.r2, n), trim(s.rv, n)
}

// swap puts to in the place of a suffix of so many bytes, in regions shorter than the suffix too.
func (s *regions) swap(n int, to string) {
	s.cut(n)
	s.word, s.r1, s.r2, s.rv = s.word+to, s.r1+to, s.r2+to, s.rv+to
}

func trim(s string, n int) string { return s[:max(len(s)-n, 0)] }

// standard finds r1 (after the first non-vowel that follows a vowel) and r2 (the same within r1).
func standard(word []rune, vowel func(rune) bool) regions {
	r1 := regionAfter(word, vowel)
	return regions{word: string(word), r1: string(r1), r2: string(regionAfter(r1, vowel))}
}

// atLeast3 moves r1 so that three letters stand before it.
func atLeast3(word []rune, r1 string) string {
	if len(r1) > len(string(word[min(3, len(word)):])) {
		return string(word[3:])
	}
	return r1
}

// romance adds rv: after the next vowel where the second letter is no vowel; after the next non-vowel where the first two
// are vowels; else after the third letter.
func romance(word []rune, vowel func(rune) bool) regions {
	s := standard(word, vowel)
	after := func(want bool) string {
		for i := 2; i < len(word); i++ {
			if vowel(word[i]) == want {
				return string(word[i+1:])
			}
		}
		return ""
	}
	switch {
	case len(word) < 2:
	case !vowel(word[1]):
		s.rv = after(true)
	case vowel(word[0]):
		s.rv = after(false)
	default:
		s.rv = string(word[min(3, len(word)):])
	}
	return s
}

// ending is the first of the list that ends s, or "".
func ending(s string, suffixes []string) string {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return suffix
		}
	}
	return ""
}

func endsAny(s string, suffixes ...string) bool { return ending(s, suffixes) != "" }

// back is the nth character from the end, counted from 1, or 0.
func back(s string, n int) rune {
	for ; n > 1; n-- {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	if s == "" {
		return 0
	}
	c, _ := utf8.DecodeLastRuneInString(s)
	return c
}

func one(s string, list ...string) bool {
	for _, x := range list {
		if s == x {
			return true
		}
	}
	return false
}

// chop drops the last character.
func chop(s string) string {
	_, size := utf8.DecodeLastRuneInString(s)
	return s[:len(s)-size]
}
