// Package texts measures a text as identification of languages and screening both do, tells its script, and says whether it
// says anything.
package texts

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Letters is how long a text is for a classifier: its letters, where an ideograph, a kana or a hangul, which says as much
// as three others, counts three.
func Letters(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf && ('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'):
			n++
		case r < utf8.RuneSelf:
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			n += 3
		case unicode.IsLetter(r):
			n++
		}
	}
	return n
}

// Blank says whether a text holds nothing that anybody sees: white space, control and format characters, and what Unicode lets be
// ignored, such as U+200B, U+FEFF, U+00AD and U+3164.
func Blank(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return !unicode.In(r, unicode.White_Space, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
	}) < 0
}

// Hash is the same for equal texts, and practically for no others.
func Hash(text string) int64 {
	sum := sha256.Sum256([]byte(text))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}
