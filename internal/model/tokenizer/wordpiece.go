package tokenizer

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a WordPiece vocabulary: BERT's longest word, and bounds for files that nobody checked. LaBSE has 501,153
// pieces in 5 MB.
const (
	maxWordCharacters  = 100
	maxVocabularyBytes = 128 << 20
	maxPieces          = 1 << 22
)

// wordPiece cuts a word greedily: the longest piece that it starts with, then the longest "##" piece, and so on. A word
// that cannot be cut to the end, or has more than 100 characters, is one unknown piece.
type wordPiece struct {
	first, next map[string]int32 // pieces at the start of a word, and inside of it ("##" cut off)
	longest     int              // bytes of the longest piece
	size        int              // ids are below it
	unknown     int32
}

// newWordPiece makes one of a vocabulary: piece -> id.
func newWordPiece(vocabulary map[string]int32, unknown string) (*wordPiece, error) {
	if len(vocabulary) == 0 || len(vocabulary) > maxPieces {
		return nil, fmt.Errorf("a vocabulary of %d pieces; 1 to %d are read", len(vocabulary), maxPieces)
	}
	w := &wordPiece{first: make(map[string]int32, len(vocabulary)), next: map[string]int32{}}
	for piece, id := range vocabulary {
		if id < 0 || id >= maxPieces {
			return nil, fmt.Errorf("piece %q has id %d, outside of 0 to %d", piece, id, maxPieces-1)
		}
		w.size = max(w.size, int(id)+1)
		w.longest = max(w.longest, len(piece))
		if rest, inside := strings.CutPrefix(piece, "##"); inside {
			w.next[rest] = id
		}
		w.first[piece] = id
	}
	id, ok := vocabulary[unknown]
	if !ok {
		return nil, fmt.Errorf("unk_token %q is not in the vocabulary", unknown)
	}
	w.unknown = id
	return w, nil
}

// id is the id of a whole piece.
func (w *wordPiece) id(piece string) (int32, bool) { id, ok := w.first[piece]; return id, ok }

// cut appends the ids of a word to ids.
func (w *wordPiece) cut(word string, ids []int32) []int32 {
	if len(word) > maxWordCharacters && utf8.RuneCountInString(word) > maxWordCharacters {
		return append(ids, w.unknown)
	}
	start, pieces := len(ids), w.first
	for word != "" {
		end := min(len(word), w.longest)
		for end > 0 && end < len(word) && !utf8.RuneStart(word[end]) {
			end--
		}
		id, found := int32(0), false
		for end > 0 {
			if id, found = pieces[word[:end]]; found {
				break
			}
			for end--; end > 0 && !utf8.RuneStart(word[end]); end-- {
			}
		}
		if !found {
			return append(ids[:start], w.unknown)
		}
		ids, word, pieces = append(ids, id), word[end:], w.next
	}
	return ids
}

// parseVocabulary reads vocab.txt: a piece a line, its id is the line's number from 0. White space at the end of a line is
// no part of the piece; of equal pieces the last counts.
func parseVocabulary(b []byte) (map[string]int32, error) {
	if len(b) > maxVocabularyBytes {
		return nil, fmt.Errorf("%d bytes are too many for a vocabulary", len(b))
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("is not UTF-8")
	}
	lines := bytes.Count(b, []byte{'\n'}) + 1
	if lines > maxPieces+1 {
		return nil, fmt.Errorf("%d lines; %d pieces are read at most", lines, maxPieces)
	}
	text := strings.TrimSuffix(string(b), "\n")
	out := make(map[string]int32, lines)
	if text == "" {
		return out, nil
	}
	id := int32(0)
	for line := range strings.SplitSeq(text, "\n") {
		out[strings.TrimRightFunc(line, unicode.IsSpace)] = id
		id++
	}
	return out, nil
}
