package tokenizer

import "unicode/utf8"

// Kinds of code points: how they stand in graphemes, and what joins Indic conjuncts, emoji and the syllables of Hangul.
const (
	isBreak = 1 << iota
	isPrepend
	isFollow
	isExtend
	isPicture
	isConsonant
	isLinker
	isLinked
	isLeading  // of a syllable of Hangul
	isVowel    // and a syllable without an end
	isTrailing // and a syllable with one
	isVowelPart
	isTrailingPart
)

const joiner = '\u200d'

var kinds = func() map[rune]uint16 {
	out := map[rune]uint16{}
	for kind, ranges := range map[uint16]string{isBreak: breakRanges, isPrepend: prependRanges, isFollow: followRanges, isExtend: extendRanges,
		isPicture: pictureRanges, isConsonant: consonantRanges, isLinker: linkerRanges, isLinked: linkedRanges, isLeading: "1100-115F A960-A97C",
		isVowel | isVowelPart: "1160-11A7 D7B0-D7C6 16D63 16D67-16D6A", isTrailing | isTrailingPart: "11A8-11FF D7CB-D7FB"} {
		for _, s := range parseSpans(ranges) {
			for r := s.first; r <= s.last; r++ {
				out[r] |= kind
			}
		}
	}
	for r := rune(0xac00); r < 0xd7a4; r++ {
		if out[r] = isTrailing; (r-0xac00)%28 == 0 {
			out[r] = isVowel
		}
	}
	return out
}()

// graphemeEnd is where the first grapheme of a text ends: an extended grapheme cluster of Unicode, but that flags (pairs of regional
// indicators) are cut in two, which changes nothing here, for they are long.
func graphemeEnd(text string) int {
	r, end := utf8.DecodeRuneInString(text)
	kind := kinds[r]
	if r < 0x80 && (end == len(text) || text[end] < 0x80) {
		if r == '\r' && end < len(text) && text[end] == '\n' {
			end++
		}
		return end
	}
	var conjunct, emoji int // 1 behind a consonant or a picture, 2 behind what joins the next one to it
	for last, lastKind := r, kind; ; last, lastKind = r, kind {
		switch {
		case lastKind&isConsonant != 0:
			conjunct = 1
		case conjunct > 0 && lastKind&isLinker != 0:
			conjunct = 2
		case lastKind&isLinked == 0:
			conjunct = 0
		}
		switch {
		case lastKind&isPicture != 0:
			emoji = 1
		case emoji == 1 && last == joiner:
			emoji = 2
		case emoji != 1 || lastKind&isExtend == 0:
			emoji = 0
		}
		var size int
		r, size = utf8.DecodeRuneInString(text[end:])
		kind = kinds[r]
		joined := size > 0 && (lastKind|kind)&isBreak == 0 && (kind&isFollow != 0 || lastKind&isPrepend != 0 ||
			lastKind&isLeading != 0 && (kind&(isLeading|isVowelPart) != 0 || r >= 0xac00 && r < 0xd7a4) ||
			lastKind&isVowel != 0 && kind&(isVowelPart|isTrailingPart) != 0 || lastKind&isTrailing != 0 && kind&isTrailingPart != 0 ||
			conjunct == 2 && kind&isConsonant != 0 || emoji == 2 && kind&isPicture != 0)
		if !joined && !(last == '\r' && r == '\n') {
			return end
		}
		end += size
	}
}
