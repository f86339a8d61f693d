package tokenizer

import (
	"fmt"
	"path/filepath"

	"crosssum/internal/native/sentencepiece"
)

// Ids of XLM-R's special tokens in Hugging Face's order, which the model's rows follow.
const (
	xlmrBos = 0 // <s>
	xlmrEos = 2 // </s>
	xlmrUnk = 3
)

// XLMR is XLM-R's tokenizer: a SentencePiece model whose ids are moved up by one, since <pad> stands at 1, between <s>
// and </s>; <mask> follows the last piece.
type XLMR struct {
	pieces *sentencepiece.Model
	beside *Beside
}

// LoadXLMR reads sentencepiece.bpe.model of a Hugging Face directory whose model has so many rows of words.
func LoadXLMR(dir string, rows int) (*XLMR, error) {
	path := filepath.Join(dir, spmFile)
	m, err := sentencepiece.Load(path)
	if err != nil {
		return nil, err
	}
	if m.Unk() != 0 || m.Bos() != 1 || m.Eos() != 2 {
		return nil, fmt.Errorf("%s: <unk>, <s> and </s> are %d, %d and %d; XLM-R has 0, 1 and 2", path, m.Unk(), m.Bos(), m.Eos())
	}
	t := &XLMR{pieces: m}
	special := map[string]int{"<s>": xlmrBos, "<pad>": 1, "</s>": xlmrEos, "<unk>": xlmrUnk, "<mask>": m.Size() + 1}
	t.beside, err = ReadBeside(dir, m.Size()+2, rows, func(text string) (id int, spelled, ok bool) {
		if id, ok := special[text]; ok {
			return id, false, true
		}
		piece := m.ID(text)
		return piece + 1, true, piece != m.Unk()
	}, func(string) (int, bool) { return 0, false })
	return t, err
}

// Encode is <s>, the pieces of text, </s>; special tokens of XLM-R that the text spells out are text, tokens that the directory adds are tokens.
// The model's own normalizer is the only one: what its map composes is composed.
func (t *XLMR) Encode(text string, maxTokens int) ([]int32, error) {
	pieces, err := t.beside.Cut(text, t.cut)
	if err != nil {
		return nil, err
	}
	ids := append(make([]int32, 0, len(pieces)+2), xlmrBos)
	ids = append(ids, pieces[:min(len(pieces), maxTokens-2)]...)
	return append(ids, xlmrEos), nil
}

// cut gives the pieces of a text their ids.
func (t *XLMR) cut(text string) ([]int32, error) {
	ids, err := t.pieces.Encode(text)
	for i, piece := range ids {
		if ids[i] = piece + 1; piece == 0 {
			ids[i] = xlmrUnk
		}
	}
	return ids, err
}

// Size counts the pieces, <pad>, <mask> and the tokens that the directory adds.
func (t *XLMR) Size() int { return t.beside.Size() }
