package rouge

import (
	"slices"
	"unicode"
)

// segmenters cut languages that write no spaces; nil or an empty result falls back to the aggressive tokenization.
var segmenters = map[string]func(words [][]rune) [][]rune{
	"burmese":  burmese,
	"chinese":  characters,
	"japanese": characters,
	"thai":     characters,
}

// characters stands in for a dictionary segmenter: every letter with its marks is a token, numbers and Latin words stay
// whole. Scores of these languages are provisional.
func characters(words [][]rune) [][]rune {
	var out [][]rune
	for _, t := range aggressive(words) {
		from := 0
		for i, c := range t {
			if i > from && !unicode.Is(unicode.M, c) && spaceless(t[from]) {
				out = append(out, t[from:i])
				from = i
			}
		}
		out = append(out, t[from:])
	}
	return out
}

func spaceless(c rune) bool {
	return unicode.In(c, unicode.Thai, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

const (
	asat    = 0x103A
	dotLow  = 0x1037
	stacker = 0x1039
)

// burmese is the syllable segmentation that the reference has: dependent signs join the character before, short units
// with asat join the unit before, stacked units are glued, everything else is one token a code point.
func burmese(words [][]rune) [][]rune {
	var text []rune
	for _, w := range words {
		w = lower(w)
		for i, c := range w {
			if c == asat && i > 0 && w[i-1] == dotLow {
				text[len(text)-1] = asat
				c = dotLow
			}
			text = append(text, c)
		}
	}
	var units [][]rune
	for i, c := range text {
		if i > 0 && dependent(c) {
			units[len(units)-1] = append(units[len(units)-1], c)
			continue
		}
		units = append(units, []rune{c})
	}
	joined, moved := make([]bool, len(units)), make([]bool, len(units)) // a unit moves left; it joins where one is left
	for i := 1; i < len(units); i++ {
		moved[i] = len(units[i]) < 4 && slices.Contains(units[i], asat)
		if joined[i] = moved[i] && !moved[i-1]; joined[i] {
			units[i-1] = append(units[i-1], units[i]...)
		}
	}
	return glueStacked(units, joined)
}

func glueStacked(units [][]rune, joined []bool) [][]rune {
	var out [][]rune
	glue := false
	kept := units[:0:0]
	for i, u := range units {
		if !joined[i] {
			kept = append(kept, u)
		}
	}
	for i, u := range kept {
		lone := len(u) == 1 && u[0] == stacker && i > 0 && i+1 < len(kept) && !glue
		if len(out) > 0 && (glue || lone) {
			out[len(out)-1] = append(out[len(out)-1], u...)
		} else {
			out = append(out, u)
		}
		glue = lone
	}
	return out
}

func dependent(c rune) bool {
	return 0x102B <= c && c <= 0x1032 || 0x1036 <= c && c <= 0x1038 || 0x103A <= c && c <= 0x103E
}
