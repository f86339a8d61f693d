package rouge

import (
	"slices"
	"strings"
	"unicode"
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

// replace is swap that leaves nothing of the regions shorter than the suffix.
func (s *regions) replace(n int, to string) {
	for _, region := range []*string{&s.word, &s.r1, &s.r2} {
		if len(*region) < n {
			*region = ""
		} else {
			*region = trim(*region, n) + to
		}
	}
}

func trim(s string, n int) string { return s[:max(len(s)-n, 0)] }

// standard finds r1 (after the first non-vowel that follows a vowel) and r2 (the same within r1).
func standard(word string, vowel func(rune) bool) regions {
	r1 := regionAfter(word, vowel)
	return regions{word: word, r1: r1, r2: regionAfter(r1, vowel)}
}

// regionAfter is what follows the first non-vowel after a vowel: r1 of a word, r2 of r1.
func regionAfter(word string, vowel func(rune) bool) string {
	before := false // a vowel
	for i, c := range word {
		if before && !vowel(c) {
			return word[i+utf8.RuneLen(c):]
		}
		before = vowel(c)
	}
	return ""
}

// atLeast3 is standard with r1 moved so that three letters stand before it.
func atLeast3(word string, vowel func(rune) bool) regions {
	s := standard(word, vowel)
	if letters := []rune(word); len(letters) >= 3 {
		s.r1 = s.r1[max(len(s.r1)-len(string(letters[3:])), 0):]
	}
	return s
}

// romance adds rv: after the next vowel where the second letter is no vowel; after the next non-vowel where the first two
// are vowels; else after the third letter.
func romance(in string, vowel func(rune) bool) regions {
	s, word := standard(in, vowel), []rune(in)
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
func ending(s string, suffixes ...string) string {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return suffix
		}
	}
	return ""
}

func endsAny(s string, suffixes ...string) bool { return ending(s, suffixes...) != "" }

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

func one(s string, list ...string) bool { return slices.Contains(list, s) }

// chop drops the last character.
func chop(s string) string {
	_, size := utf8.DecodeLastRuneInString(s)
	return s[:len(s)-size]
}

// consonants writes the letters that stand between vowels, as consonants, in upper case.
func consonants(word []rune, letters string, vowel func(rune) bool) {
	for i := 1; i+1 < len(word); i++ {
		if strings.ContainsRune(letters, word[i]) && vowel(word[i-1]) && vowel(word[i+1]) {
			word[i] = unicode.ToUpper(word[i])
		}
	}
}

// consonantY writes the y that begins the word or follows a vowel in upper case.
func consonantY(word []rune, vowel func(rune) bool) {
	for i := range word {
		if word[i] == 'y' && (i == 0 || vowel(word[i-1])) {
			word[i] = 'Y'
		}
	}
}
