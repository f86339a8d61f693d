package tokenizer

import (
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// bertText is BERT's way from text to words, as the fast tokenizer goes it: clean, spaces around ideographs, accents off,
// lower case, then a word for each run between white space, punctuation apart. Nothing is composed (no NFC).
type bertText struct {
	clean      bool // drop control, format and private-use characters without cutting the word; any white space is " "
	ideographs bool // tokenize_chinese_chars
	strip      bool // NFD, nonspacing marks dropped
	lower      bool
}

// words calls yield for each word of normalized text, in order, until it answers false.
func words(text string, yield func(word string) bool) {
	from := -1 // of the word that is being read
	for i, r := range text {
		space := unicode.IsSpace(r)
		if !space && !isPunctuation(r) {
			if from < 0 {
				from = i
			}
			continue
		}
		if from >= 0 && !yield(text[from:i]) {
			return
		}
		from = -1
		if !space && !yield(text[i:i+utf8.RuneLen(r)]) {
			return
		}
	}
	if from >= 0 {
		yield(text[from:])
	}
}

func (b bertText) normalize(text string) string {
	var out strings.Builder
	out.Grow(len(text) + len(text)/8)
	for _, r := range text { // bytes that are not UTF-8 come as U+FFFD, which is dropped
		switch {
		case b.clean && isDropped(r):
		case b.clean && unicode.IsSpace(r):
			out.WriteByte(' ')
		case b.ideographs && r >= 0x3400 && in(r, ideographs):
			out.WriteByte(' ')
			out.WriteRune(r)
			out.WriteByte(' ')
		default:
			out.WriteRune(r)
		}
	}
	text = out.String()
	if !b.strip && !b.lower {
		return text
	}
	if b.strip {
		text = decompose(text)
	}
	out.Reset()
	for _, r := range text {
		if b.strip && r >= 0x300 && in(r, marks) {
			continue
		}
		if !b.lower {
			out.WriteRune(r)
		} else if other, ok := lowerOf[r]; ok {
			out.WriteString(other)
		} else {
			out.WriteRune(unicode.ToLower(r))
		}
	}
	return out.String()
}

// undecomposed are code points with a canonical decomposition that is younger than the tokenizer's tables.
const undecomposed = "\U000105C9\U000105E4\U00011383\U00011385\U0001138E\U00011391\U000113C5\U000113C7\U000113C8\U00011938" +
	"\U00016121\U00016122\U00016123\U00016124\U00016125\U00016126\U00016127\U00016128\U00016D68\U00016D69\U00016D6A"

// decompose is NFD but for those.
func decompose(text string) string {
	at := strings.IndexAny(text, undecomposed)
	if at < 0 {
		return norm.NFD.String(text)
	}
	var out strings.Builder
	for ; at >= 0; at = strings.IndexAny(text, undecomposed) {
		_, size := utf8.DecodeRuneInString(text[at:])
		out.WriteString(norm.NFD.String(text[:at]))
		out.WriteString(text[at : at+size])
		text = text[at+size:]
	}
	out.WriteString(norm.NFD.String(text))
	return out.String()
}

// span is a range of code points, both ends in it.
type span struct{ first, last rune }

var (
	dropped     = parseSpans(droppedRanges)
	ideographs  = parseSpans(ideographRanges)
	marks       = parseSpans(markRanges)
	punctuation = parseSpans(punctuationRanges)
	lowerOf     = parseLower(lowerExceptions)
)

func isDropped(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && in(r, dropped)
}

func isPunctuation(r rune) bool {
	if r < 0x80 {
		return r >= '!' && r <= '/' || r >= ':' && r <= '@' || r >= '[' && r <= '`' || r >= '{' && r <= '~'
	}
	return in(r, punctuation)
}

// in tells whether r lies in one of the spans, which are in order.
func in(r rune, spans []span) bool {
	i := sort.Search(len(spans), func(i int) bool { return spans[i].last >= r })
	return i < len(spans) && spans[i].first <= r
}

// parseSpans reads the generated tables; an error there would be one of this program.
func parseSpans(s string) []span {
	var out []span
	for _, field := range strings.Fields(s) {
		first, last, isRange := strings.Cut(field, "-")
		if !isRange {
			last = first
		}
		out = append(out, span{hexRune(first), hexRune(last)})
	}
	return out
}

func parseLower(s string) map[rune]string {
	out := map[rune]string{}
	for _, field := range strings.Fields(s) {
		from, to, _ := strings.Cut(field, "=")
		for _, r := range strings.Split(to, "+") {
			out[hexRune(from)] += string(hexRune(r))
		}
	}
	return out
}

func hexRune(s string) rune {
	n, err := strconv.ParseUint(s, 16, 21)
	if err != nil {
		panic(err)
	}
	return rune(n)
}
