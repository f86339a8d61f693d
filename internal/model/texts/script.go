package texts

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed han.txt
var hanText string

// onlySimplified and onlyTraditional are the characters of Chinese that the other way of writing does not have.
var onlySimplified, onlyTraditional = hanSets()

func hanSets() (simplified, traditional map[rune]bool) {
	sets := []map[rune]bool{}
	for line := range strings.Lines(hanText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		set := map[rune]bool{}
		for _, r := range strings.TrimSpace(line) {
			set[r] = true
		}
		sets = append(sets, set)
	}
	return sets[0], sets[1]
}

// scripts are those of the table of languages, and some that texts strayed into, with what they are by ISO 15924.
var scripts = []struct {
	code  string
	table *unicode.RangeTable
}{
	{"Latn", unicode.Latin}, {"Cyrl", unicode.Cyrillic}, {"Arab", unicode.Arabic}, {"Hani", unicode.Han}, {"Hira", unicode.Hiragana},
	{"Kana", unicode.Katakana}, {"Kore", unicode.Hangul}, {"Deva", unicode.Devanagari}, {"Grek", unicode.Greek}, {"Hebr", unicode.Hebrew},
	{"Beng", unicode.Bengali}, {"Taml", unicode.Tamil}, {"Telu", unicode.Telugu}, {"Thai", unicode.Thai}, {"Ethi", unicode.Ethiopic},
	{"Geor", unicode.Georgian}, {"Armn", unicode.Armenian}, {"Gujr", unicode.Gujarati}, {"Guru", unicode.Gurmukhi}, {"Knda", unicode.Kannada},
	{"Mlym", unicode.Malayalam}, {"Mymr", unicode.Myanmar}, {"Khmr", unicode.Khmer}, {"Laoo", unicode.Lao}, {"Orya", unicode.Oriya},
	{"Sinh", unicode.Sinhala}, {"Tibt", unicode.Tibetan}, {"Thaa", unicode.Thaana}, {"Mong", unicode.Mongolian}, {"Cher", unicode.Cherokee},
	{"Cans", unicode.Canadian_Aboriginal}, {"Olck", unicode.Ol_Chiki}, {"Mtei", unicode.Meetei_Mayek}, {"Nkoo", unicode.Nko},
	{"Tfng", unicode.Tifinagh}, {"Syrc", unicode.Syriac}, {"Java", unicode.Javanese}, {"Newa", unicode.Newa}, {"Tirh", unicode.Tirhuta},
}

// Script is the script, by ISO 15924, that most letters of a text are in, counted as Letters does, and how many letters are in
// others; "" of a text without letters. Of Chinese characters with kana it is Jpan; of others Hans or Hant where some are of
// that way of writing alone, and Hani where none is, or of both.
func Script(text string) (script string, others int) {
	counts := make([]int, len(scripts)+1) // the last: of all other scripts
	simplified, traditional, all, last := false, false, 0, 0
	for _, r := range text {
		if r < 'A' || !unicode.IsLetter(r) || unicode.In(r, unicode.Common, unicode.Inherited) {
			continue
		}
		if last == len(scripts) || !unicode.Is(scripts[last].table, r) {
			last = scriptOf(r)
		}
		weight := 1
		if last >= han && last <= hangul {
			weight = 3
		}
		if last == han {
			simplified, traditional = simplified || onlySimplified[r], traditional || onlyTraditional[r]
		}
		counts[last] += weight
		all += weight
	}
	if all == 0 {
		return "", 0
	}
	kana := counts[hiragana] + counts[katakana]
	counts[hiragana], counts[katakana], counts[han] = 0, 0, counts[han]+kana
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	others = all - counts[best]
	switch {
	case best == len(scripts):
		return "Zzzz", others
	case best != han:
		return scripts[best].code, others
	case kana*6 >= counts[han]: // a single の stands in Chinese too
		return "Jpan", others
	case simplified && !traditional:
		return "Hans", others
	case traditional && !simplified:
		return "Hant", others
	}
	return "Hani", others
}

// SmallWords is how many words of a text begin with a small letter.
func SmallWords(text string) (n int) {
	for word := range strings.FieldsSeq(text) {
		if r, _ := utf8.DecodeRuneInString(word); unicode.IsLower(r) {
			n++
		}
	}
	return n
}

// Places in scripts.
const (
	han = 3 + iota
	hiragana
	katakana
	hangul
)

// scriptOf is the place of a letter's script; behind the last one for a script that is not there.
func scriptOf(r rune) int {
	for i, s := range scripts {
		if unicode.Is(s.table, r) {
			return i
		}
	}
	return len(scripts)
}
