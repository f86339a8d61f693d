package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unigram is a Unigram model of tokenizer.json, to the letter as the Python package tokenizers applies it: added tokens are found first,
// the rest is normalized, divided at spaces, and each part is cut into the pieces whose scores have the greatest sum.
type unigram struct {
	added     addedTokens
	normalize normalizer
	words     bool // text is divided at white space before "▁" is put before each part
	split     bool // and before each "▁"
	pieces    trie
	ids       map[string]int32 // of pieces; of equal ones the last
	scores    []float64        // by id
	bytes     [256]int32       // ids of the pieces of byte_fallback; nil where there are none
	fallback  bool
	unknown   int32
	unkScore  float64
	size      int
	cls, sep  int32 // -1: no special tokens are added
}

// unknownPenalty is how much less than the least likely piece a code point without a piece scores.
const unknownPenalty = 10

// Encode is the first special token, the pieces, the last special token.
func (t *unigram) Encode(text string, maxTokens int) ([]int32, error) {
	room := maxTokens
	if t.cls >= 0 {
		room -= 2
	}
	var ids []int32
	t.added.each(text, t.normalize, func(id int32, plain string) bool {
		if id >= 0 {
			ids = append(ids, id)
		} else {
			ids = t.cut(plain, ids, room)
		}
		return len(ids) < room
	})
	ids = ids[:min(len(ids), room)]
	if t.cls >= 0 {
		ids = append(slices.Insert(ids, 0, t.cls), t.sep)
	}
	return ids, nil
}

// Size is above every id.
func (t *unigram) Size() int { return t.size }

// cut divides normalized text at spaces, as the pre-tokenizer says, and appends the ids of each part, until there are room or more.
func (t *unigram) cut(text string, ids []int32, room int) []int32 {
	parts := []string{text}
	if t.words {
		parts = strings.FieldsFunc(text, unicode.IsSpace)
	}
	for _, part := range parts {
		part = strings.ReplaceAll(part, " ", space)
		if !strings.HasPrefix(part, space) {
			part = space + part
		}
		for part != "" && len(ids) < room {
			end := len(part)
			if next := strings.Index(part[len(space):], space); t.split && next >= 0 {
				end = len(space) + next
			}
			ids = t.best(part[:end], ids)
			part = part[end:]
		}
	}
	return ids
}

// space stands for white space in pieces.
const space = "▁"

// step is the best way to a place of a text.
type step struct {
	score float64
	from  int32 // place before; -1: nothing leads here yet
	id    int32
}

// best appends the ids of the segmentation whose scores have the greatest sum; of equal ones the first found counts. Code points in a row
// that no piece has are one unknown.
func (t *unigram) best(text string, ids []int32) []int32 {
	ways := make([]step, len(text)+1)
	for i := range ways {
		ways[i].from = -1
	}
	for at, size := 0, 0; at < len(text); at += size {
		_, size = utf8.DecodeRuneInString(text[at:])
		reach := func(length int, id int32, score float64) {
			if way := &ways[at+length]; way.from < 0 || score > way.score {
				*way = step{score, int32(at), id}
			}
		}
		single := false
		t.pieces.prefixes(text[at:], func(length int, id int32) {
			reach(length, id, t.scores[id]+ways[at].score)
			single = single || length == size
		})
		if !single {
			reach(size, t.unknown, t.unkScore+ways[at].score)
		}
	}
	first := len(ids)
	for end := len(text); end > 0; {
		from := int(ways[end].from)
		if ways[end].id == t.unknown {
			for from > 0 && ways[from].id == t.unknown {
				from = int(ways[from].from)
			}
		}
		ids = t.piece(text[from:end], ids)
		end = from
	}
	slices.Reverse(ids[first:])
	return ids
}

// piece appends the id of a piece or, backwards, those of its bytes.
func (t *unigram) piece(text string, ids []int32) []int32 {
	if id, ok := t.ids[text]; ok {
		return append(ids, id)
	}
	if t.fallback {
		first := len(ids)
		for i := len(text) - 1; i >= 0 && t.bytes[text[i]] >= 0; i-- {
			ids = append(ids, t.bytes[text[i]])
		}
		if len(ids)-first == len(text) {
			return ids
		}
		ids = ids[:first]
	}
	return append(ids, t.unknown)
}

// unigram builds the tokenizer that the file describes.
func (f *file) unigram(cls, sep int32) (*unigram, error) {
	pieces := f.Model.Unigram
	if f.Model.UnkIndex == nil || *f.Model.UnkIndex < 0 || *f.Model.UnkIndex >= len(pieces) || len(pieces) > maxPieces {
		return nil, fmt.Errorf("model: %d pieces, and unk_id is none of them", len(pieces))
	}
	t := &unigram{ids: make(map[string]int32, len(pieces)), scores: make([]float64, len(pieces)), unknown: int32(*f.Model.UnkIndex), fallback: f.Model.ByteFallback,
		size: len(pieces), cls: cls, sep: sep}
	t.unkScore = pieces[0].score
	for id, p := range pieces {
		t.ids[p.text], t.scores[id] = int32(id), p.score
		t.unkScore = min(t.unkScore, p.score)
	}
	t.unkScore -= unknownPenalty
	t.pieces = newTrie(t.ids)
	for b := range t.bytes {
		t.bytes[b] = -1
		if id, ok := t.ids[fmt.Sprintf("<0x%02X>", b)]; ok {
			t.bytes[b] = id
		}
	}
	var err error
	if t.normalize, err = normalizers(f.Normalizer); err != nil {
		return nil, err
	}
	if err := t.divide(f.PreTokenizer); err != nil {
		return nil, err
	}
	t.size, err = t.added.take(f.AddedTokens, t.size, func(text string) (int32, bool) { id, ok := t.ids[text]; return id, ok }, t.normalize)
	return t, err
}

// divide reads how text is divided: by Metaspace, after WhitespaceSplit or not.
func (t *unigram) divide(p *part) error {
	steps := []part{{Type: "null"}}
	if p != nil {
		steps = []part{*p}
	}
	if name(p) == "Sequence" {
		var s struct {
			PreTokenizers []part `json:"pretokenizers"`
		}
		if err := p.decode(&s); err != nil {
			return err
		}
		steps = s.PreTokenizers
	}
	if n := len(steps); n == 2 && steps[0].Type == "WhitespaceSplit" {
		t.words, steps = true, steps[1:]
	}
	if len(steps) != 1 || steps[0].Type != "Metaspace" {
		var names []string
		for _, s := range steps {
			names = append(names, s.Type)
		}
		return fmt.Errorf("pre_tokenizer %s is not supported with Unigram; Metaspace is, alone or after WhitespaceSplit", strings.Join(names, ", "))
	}
	m := struct {
		Replacement    string  `json:"replacement"`
		AddPrefixSpace bool    `json:"add_prefix_space"`
		PrependScheme  string  `json:"prepend_scheme"`
		Split          bool    `json:"split"`
		StrRep         *string `json:"str_rep"`
	}{AddPrefixSpace: true, PrependScheme: "always", Split: true}
	if err := steps[0].decode(&m); err != nil {
		return err
	}
	if m.Replacement != space || !m.AddPrefixSpace || m.PrependScheme != "always" {
		return fmt.Errorf("pre_tokenizer Metaspace: only \"▁\", always prepended, is supported")
	}
	t.split = m.Split
	return nil
}
