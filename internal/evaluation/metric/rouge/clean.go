package rouge

import "unicode"

// clean returns the words of a lower-cased text: white space splits, control and unassigned characters vanish without
// leaving a space, every punctuation character ends a word and is dropped. Symbols other than ASCII's stay.
func clean(text []rune) [][]rune {
	var words [][]rune
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, word)
			word = nil
		}
	}
	for _, c := range text {
		switch classOf(c) {
		case space, punctuation:
			end()
		case control:
		default:
			word = append(word, c)
		}
	}
	end()
	return words
}

// class is what cleaning and tokenizing ask of a character.
type class byte

const (
	other class = iota
	letter
	numeral
	mark
	space
	punctuation
	control // dropped: categories Cc, Cf, Cs, Co, Cn, U+0000 and U+FFFD
)

var asciiClass = func() (t [128]class) {
	for c := range t {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			t[c] = letter
		case '0' <= c && c <= '9':
			t[c] = numeral
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			t[c] = space
		case c < 0x20 || c == 0x7f:
			t[c] = control
		default:
			t[c] = punctuation
		}
	}
	return t
}()

func classOf(c rune) class {
	switch {
	case 0 <= c && c < 128:
		return asciiClass[c]
	case c == 0xFFFD || newer(c):
		return control
	case unicode.Is(unicode.L, c):
		return letter
	case unicode.Is(unicode.M, c):
		return mark
	case unicode.Is(unicode.N, c):
		return numeral
	case unicode.Is(unicode.P, c):
		return punctuation
	case unicode.Is(unicode.Z, c):
		return space // Zs, and U+2028 and U+2029, which act as white space later on
	case unicode.Is(unicode.S, c):
		return other
	}
	return control
}
