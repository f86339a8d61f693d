package rouge

import "unicode"

// lower is Python's str.lower: full Unicode lower-casing without a language. It differs from strings.ToLower in U+0130
// (two code points) and in the capital sigma at the end of a word.
func lower(text []rune) []rune {
	out := make([]rune, 0, len(text))
	for i, c := range text {
		switch {
		case c < 0x80:
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			out = append(out, c)
		case c == 'İ':
			out = append(out, 'i', 0x307)
		case c == 'Σ' && finalSigma(text, i):
			out = append(out, 'ς')
		default:
			out = append(out, unicode.ToLower(c))
		}
	}
	return out
}

// finalSigma: a cased letter stands before position i and none after it, case-ignorable characters passed over.
func finalSigma(text []rune, i int) bool {
	j := i - 1
	for j >= 0 && caseIgnorable(text[j]) {
		j--
	}
	if j < 0 || !cased(text[j]) {
		return false
	}
	j = i + 1
	for j < len(text) && caseIgnorable(text[j]) {
		j++
	}
	return j == len(text) || !cased(text[j])
}

func cased(c rune) bool {
	return !newer(c) && unicode.In(c, unicode.Upper, unicode.Lower, unicode.Title, unicode.Other_Uppercase, unicode.Other_Lowercase)
}

func caseIgnorable(c rune) bool {
	switch c { // Word_Break = MidLetter, MidNumLet or Single_Quote
	case '\'', '.', ':', 0xB7, 0x387, 0x55F, 0x5F4, 0x2018, 0x2019, 0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A:
		return true
	}
	return !newer(c) && unicode.In(c, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}
