package rouge

import (
	"embed"
	"strings"
)

// stemmers take a lower-cased token of more than three code points. Languages not listed are not stemmed.
var stemmers = map[string]func([]rune) []rune{
	"bengali":    bengali,
	"danish":     unlessStop("danish", danish),
	"dutch":      unlessStop("dutch", dutch),
	"french":     unlessStop("french", french),
	"german":     unlessStop("german", german),
	"italian":    unlessStop("italian", italian),
	"norwegian":  unlessStop("norwegian", norwegian),
	"portuguese": unlessStop("portuguese", portuguese),
	"spanish":    unlessStop("spanish", spanish),
	"swedish":    unlessStop("swedish", swedish),
	"english":    unlessStop("english", english),
	"hindi":      hindi,
}

// provisional languages have a segmenter or a stemmer in the reference that is missing here.
var provisional = map[string]bool{
	"arabic": true, "chinese": true, "finnish": true, "hungarian": true, "japanese": true, "romanian": true, "russian": true,
	"thai": true, "turkish": true,
}

// Provisional tells whether scores of a language may differ from the reference's because its segmenter or stemmer is
// still missing here.
func Provisional(language string) bool {
	if alias, ok := aliases[language]; ok {
		language = alias
	}
	return provisional[language]
}

//go:embed stop/*.txt
var stopFiles embed.FS

// unlessStop returns the words of NLTK's stop list (those of more than three letters) as they are, and stems the rest.
func unlessStop(language string, stem func([]rune) []rune) func([]rune) []rune {
	text, err := stopFiles.ReadFile("stop/" + language + ".txt")
	if err != nil {
		panic(err) // the list is compiled in: only a wrong name gets here
	}
	stop := map[string]bool{}
	for _, w := range strings.Fields(string(text)) {
		stop[w] = true
	}
	return func(word []rune) []rune {
		if stop[string(word)] {
			return word
		}
		return stem(word)
	}
}

func endsWith(word []rune, suffix string) bool {
	i := len(word)
	for j := len(suffix); j > 0; {
		c, size := lastRune(suffix[:j])
		j -= size
		i--
		if i < 0 || word[i] != c {
			return false
		}
	}
	return true
}

// parts is a word with its Snowball regions: r1 and r2 are kept as strings of their own, cut and changed along with it.
type parts struct{ word, r1, r2 []rune }

// cut drops n runes at the end of the word and of each region (to nothing where it is shorter).
func (p *parts) cut(n int) {
	p.word, p.r1, p.r2 = drop(p.word, n), drop(p.r1, n), drop(p.r2, n)
}

// swap puts to in the place of the last n runes; a region shorter than n becomes empty.
func (p *parts) swap(n int, to string) {
	p.word = swapped(p.word, n, to)
	p.r1 = swapped(p.r1, n, to)
	p.r2 = swapped(p.r2, n, to)
}

func swapped(s []rune, n int, to string) []rune {
	if len(s) < n {
		return nil
	}
	return append(append([]rune(nil), s[:len(s)-n]...), []rune(to)...)
}

func drop(s []rune, n int) []rune { return s[:max(len(s)-n, 0)] }

// regionAfter is what follows the first non-vowel after a vowel: r1 of a word, r2 of r1.
func regionAfter(word []rune, vowel func(rune) bool) []rune {
	for i := 1; i < len(word); i++ {
		if !vowel(word[i]) && vowel(word[i-1]) {
			return word[i+1:]
		}
	}
	return nil
}

func hasVowel(word []rune, vowel func(rune) bool) bool {
	for _, c := range word {
		if vowel(c) {
			return true
		}
	}
	return false
}

func oneOf(letters string) func(rune) bool {
	return func(c rune) bool { return strings.ContainsRune(letters, c) }
}
