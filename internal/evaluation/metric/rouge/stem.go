package rouge

import (
	"embed"
	"strings"
)

// stemmers take a lower-cased token of more than three code points. Languages not listed are not stemmed.
var stemmers = map[string]func(string) string{
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
func unlessStop(language string, stem func(string) string) func(string) string {
	text, err := stopFiles.ReadFile("stop/" + language + ".txt")
	if err != nil {
		panic(err) // the list is compiled in: only a wrong name gets here
	}
	stop := map[string]bool{}
	for _, w := range strings.Fields(string(text)) {
		stop[w] = true
	}
	return func(word string) string {
		if stop[word] {
			return word
		}
		return stem(word)
	}
}

func oneOf(letters string) func(rune) bool {
	return func(c rune) bool { return strings.ContainsRune(letters, c) }
}
