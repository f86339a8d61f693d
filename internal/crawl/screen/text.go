package screen

import "unicode/utf8"

// Zawgyi tells whether a Burmese text is in Zawgyi, an encoding that took Unicode's code points for other letters and writes them
// in the order of the eye: it holds code points that Burmese does not use in Unicode, or its vowel sign E (U+1031) stands in
// front of what it belongs behind. A slip of the hand in a long text is not enough.
func Zawgyi(text string) bool {
	before, signs, loose := rune(0), 0, 0
	for _, r := range text {
		if r == 0x1033 || r == 0x1034 || r >= 0x1060 && r <= 0x1097 {
			return true
		}
		if r == 0x1031 {
			signs++
			if !carries(before) {
				loose++
			}
		}
		before = r
	}
	return loose*4 > signs
}

// carries tells whether the vowel sign E may stand behind a character of Burmese: a consonant or medial.
func carries(r rune) bool {
	return r >= 0x1000 && r <= 0x1021 || r == 0x1029 || r >= 0x103B && r <= 0x103F || r == 0x104E || r == 0x1040
}

// Mojibake tells whether a text holds UTF-8 that somebody read as Latin-1 or Windows-1252 and wrote as UTF-8 again ("Ã©",
// "â€™", "Ð¿Ñ€"). Single pairs of characters stand in honest text too ("«CAFÉ»"); so a sequence must be one that is common in
// such accidents, or one of two in a row.
func Mojibake(text string) bool {
	runes := []rune(text)
	last := -1 // where the sequence before ended
	for i := 0; i < len(runes); i++ {
		n := sequence(runes[i:])
		if n == 0 {
			continue
		}
		first, second := runes[i], byteOf(runes[i+1])
		common := (first == 0xC2 || first == 0xC3) && second != 0xBB || // é, °, ...; not a capital before a closing quotation mark
			first == 0xE2 && second <= 0x84 || first == 0xF0 && second == 0x9F || first == 0xEF && second == 0xBF
		if common || last == i {
			return true
		}
		i += n - 1
		last = i + 1
	}
	return false
}

// sequence is how many characters at the beginning of runes are the bytes of one character's UTF-8; 0 for none.
func sequence(runes []rune) int {
	if len(runes) < 2 || runes[0] < 0xC2 || runes[0] > 0xF4 {
		return 0
	}
	n := 2
	if runes[0] >= 0xE0 {
		n = 3
	}
	if runes[0] >= 0xF0 {
		n = 4
	}
	if len(runes) < n {
		return 0
	}
	bytes := []byte{byte(runes[0])}
	for _, r := range runes[1:n] {
		b := byteOf(r)
		if b < 0x80 || b > 0xBF {
			return 0
		}
		bytes = append(bytes, byte(b))
	}
	if r, size := utf8.DecodeRune(bytes); r == utf8.RuneError && size < 2 {
		return 0
	}
	return n
}

// windows1252 are the characters that it has in place of Latin-1's control characters 0x80 to 0x9F.
var windows1252 = map[rune]rune{'€': 0x80, '‚': 0x82, 'ƒ': 0x83, '„': 0x84, '…': 0x85, '†': 0x86, '‡': 0x87, 'ˆ': 0x88, '‰': 0x89, 'Š': 0x8A,
	'‹': 0x8B, 'Œ': 0x8C, 'Ž': 0x8E, '‘': 0x91, '’': 0x92, '“': 0x93, '”': 0x94, '•': 0x95, '–': 0x96, '—': 0x97, '˜': 0x98, '™': 0x99, 'š': 0x9A,
	'›': 0x9B, 'œ': 0x9C, 'ž': 0x9E, 'Ÿ': 0x9F}

// byteOf is the byte that a character stands for in Windows-1252; -1 for none.
func byteOf(r rune) rune {
	if b, ok := windows1252[r]; ok {
		return b
	}
	if r > 0xFF {
		return -1
	}
	return r
}
