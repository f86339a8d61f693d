// Package lead is the baseline that takes an article's first sentence for its summary.
package lead

import (
	"sort"
	"strings"
	"unicode"

	"crosssum/internal/evaluation/metric/rouge"

	"github.com/rivo/uniseg"
)

// maxTokens bounds a text without a sentence end.
const maxTokens = 84

// Sentence is the first sentence that has a letter, by Unicode sentence boundaries and the full stops of Indic, Burmese
// and Ethiopic scripts, uncut. A text in which no sentence ends is cut after 84 ROUGE tokens of the language.
func Sentence(language, text string) string {
	rest := strings.TrimSpace(text)
	lead, state := "", -1
	for rest != "" {
		var next string
		next, rest, state = uniseg.FirstSentenceInString(rest, state)
		if end := scriptStop(next); end < len(next) {
			next, rest, state = next[:end], next[end:]+rest, -1
		}
		lead += next
		if strings.IndexFunc(lead, unicode.IsLetter) >= 0 {
			break
		}
	}
	lead = strings.TrimSpace(lead)
	if rest == "" && !ends(lead) {
		return cut(language, lead)
	}
	return lead
}

// scriptStop is the index behind the first full stop that is one in any context, or the length of the text.
func scriptStop(s string) int {
	i := strings.IndexAny(s, "।॥။።፧፨")
	if i < 0 {
		return len(s)
	}
	for _, c := range s[i:] {
		if !strings.ContainsRune("।॥။።፧፨", c) {
			break
		}
		i += len(string(c))
	}
	return i
}

// ends tells whether a sentence end stands at the end of the text, closing quotes and brackets passed over.
func ends(s string) bool {
	s = strings.TrimRightFunc(s, func(c rune) bool { return unicode.In(c, unicode.Pe, unicode.Pf, unicode.Pi) || c == '"' || c == '\'' })
	r := []rune(s)
	return len(r) > 0 && unicode.Is(unicode.Sentence_Terminal, r[len(r)-1])
}

// cut keeps the longest prefix of at most 84 tokens.
func cut(language, text string) string {
	if rouge.Length(language, text) <= maxTokens {
		return text
	}
	r := []rune(text)
	n := sort.Search(len(r), func(n int) bool { return rouge.Length(language, string(r[:n+1])) > maxTokens })
	return strings.TrimSpace(string(r[:n]))
}
