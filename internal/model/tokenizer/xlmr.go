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
type XLMR struct{ pieces *sentencepiece.Model }

// LoadXLMR reads sentencepiece.bpe.model of a Hugging Face directory.
func LoadXLMR(dir string) (*XLMR, error) {
	path := filepath.Join(dir, spmFile)
	m, err := sentencepiece.Load(path)
	if err != nil {
		return nil, err
	}
	if m.Unk() != 0 || m.Bos() != 1 || m.Eos() != 2 {
		return nil, fmt.Errorf("%s: <unk>, <s> and </s> are %d, %d and %d; XLM-R has 0, 1 and 2", path, m.Unk(), m.Bos(), m.Eos())
	}
	return &XLMR{m}, nil
}

// Encode is <s>, the pieces of text, </s>; special tokens that the text spells out are text. The model's own normalizer is the only one: what its
// map composes is composed.
func (t *XLMR) Encode(text string, maxTokens int) ([]int32, error) {
	pieces, err := t.pieces.Encode(text)
	if err != nil {
		return nil, err
	}
	pieces = pieces[:min(len(pieces), maxTokens-2)]
	ids := make([]int32, 0, len(pieces)+2)
	ids = append(ids, xlmrBos)
	for _, p := range pieces {
		if p == 0 {
			ids = append(ids, xlmrUnk)
		} else {
			ids = append(ids, p+1)
		}
	}
	return append(ids, xlmrEos), nil
}

// Size counts the pieces, <pad> and <mask>.
func (t *XLMR) Size() int { return t.pieces.Size() + 2 }
