package rouge

import "fmt"

// Tokens is the token list that is scored. stem applies the language's stemmer to tokens of more than three code points.
// An unknown language gets the tokenization of section "no segmenter" and no stemming.
func Tokens(language, text string, stem bool) []string {
	return tokens(language, lower([]rune(text)), stem)
}

// Length counts tokens without lower-casing or stemming, as LaSE's length penalty does.
func Length(language, text string) int { return len(tokens(language, []rune(text), false)) }

func tokens(language string, text []rune, stem bool) []string {
	if alias, ok := aliases[language]; ok {
		language = alias
	}
	words := clean(text)
	var pieces [][]rune
	if segment := segmenters[language]; segment != nil {
		pieces = segment(words)
	}
	if len(pieces) == 0 {
		pieces = aggressive(words)
	}
	stemmer := stemmers[language]
	out := make([]string, 0, len(pieces))
	for _, p := range pieces {
		word := string(p)
		if stem && stemmer != nil && len(p) > 3 {
			word = stemmer(word)
		}
		if word != "" {
			out = append(out, word)
		}
	}
	return out
}

// aliases are the names of other tables for languages that have a stemmer or a segmenter here.
var aliases = map[string]string{
	"bangla": "bengali", "turkce": "turkish", "mundo": "spanish",
	"chinese_simplified": "chinese", "chinese_traditional": "chinese",
}

// aggressive is the OpenNMT tokenizer's mode of that name on cleaned words, followed by setting CJK ideographs apart.
// A token is a run of letters or of numerals; marks go with the character before them; every other character stands
// alone. Marks without a character before them become a token, behind an escaped space where a space went before.
func aggressive(words [][]rune) [][]rune {
	var out [][]rune
	for w, word := range words {
		var token []rune
		end := func() {
			if len(token) > 0 {
				out = append(out, token)
			}
			token = nil
		}
		last := space
		for i, c := range word {
			k := classOf(c)
			switch {
			case k == mark && i == 0 && w > 0:
				token = append([]rune(escapedSpace), c)
				last = mark
				continue
			case k == mark:
				if last == space {
					last = mark
				}
				token = append(token, c)
				continue
			case k != last || k == other:
				end()
			}
			token, last = append(token, substitute(c)), k
		}
		end()
	}
	return splitIdeographs(out)
}

// escapedSpace is how the OpenNMT tokenizer writes the space that orphan marks would combine with.
var escapedSpace = fmt.Sprintf("％%04x", ' ')

// substitute replaces the characters that the OpenNMT tokenizer keeps for itself.
func substitute(c rune) rune {
	switch c {
	case 0x2581:
		return '_'
	case 0xFFED:
		return 0x25A0
	case 0xFFE8:
		return 0x2502
	}
	return c
}

func splitIdeographs(tokens [][]rune) [][]rune {
	out := tokens[:0:0]
	for _, t := range tokens {
		from := 0
		for i, c := range t {
			if !ideograph(c) {
				continue
			}
			if i > from {
				out = append(out, t[from:i])
			}
			out = append(out, t[i:i+1])
			from = i + 1
		}
		if from < len(t) {
			out = append(out, t[from:])
		}
	}
	return out
}

func ideograph(c rune) bool {
	return 0x4E00 <= c && c <= 0x9FFF || 0x3400 <= c && c <= 0x4DBF || 0x20000 <= c && c <= 0x2A6DF ||
		0x2A700 <= c && c <= 0x2B73F || 0x2B740 <= c && c <= 0x2B81F || 0x2B820 <= c && c <= 0x2CEAF ||
		0xF900 <= c && c <= 0xFAFF || 0x2F800 <= c && c <= 0x2FA1F
}
