package main

import (
	"fmt"

	"crosssum/internal/native/sentencepiece"

	"google.golang.org/protobuf/encoding/protowire"
)

// sentencePiece is the SentencePiece model of XLM-R: <unk>, <s>, </s> and then the pieces whose Hugging Face ids are one
// more than their own. charsmap is the compiled normalization map.
func (h *header) sentencePiece(charsmap []byte) ([]byte, error) {
	last := len(h.pieces) - 1
	want := map[int]string{0: "<s>", 1: "<pad>", 2: "</s>", 3: "<unk>", last: "<mask>"}
	for id, text := range want {
		if h.pieces[id].text != text {
			return nil, fmt.Errorf("piece %d is %q, and XLM-R has %q there", id, h.pieces[id].text, text)
		}
	}
	if h.bos != 0 || h.pad != 1 || h.eos != 2 || h.unk != 3 {
		return nil, fmt.Errorf("special ids %d, %d, %d, %d, and XLM-R has 0, 1, 2, 3", h.bos, h.pad, h.eos, h.unk)
	}
	pieces := []sentencepiece.Piece{{Text: "<unk>", Kind: sentencepiece.Unknown}, {Text: "<s>", Kind: sentencepiece.Control},
		{Text: "</s>", Kind: sentencepiece.Control}}
	for _, p := range h.pieces[4:last] {
		pieces = append(pieces, sentencepiece.Piece{Text: p.text, Score: p.score, Kind: sentencepiece.Normal})
	}
	return sentencepiece.Serialize(pieces, "nmt_nfkc", charsmap), nil
}

// field is the last length-delimited field of that number in a message.
func field(b sentencepiece.Message, number protowire.Number) (found []byte, err error) {
	err = b.Fields(func(n protowire.Number, content []byte) error {
		if n == number {
			found = content
		}
		return nil
	})
	if err == nil && found == nil {
		err = fmt.Errorf("field %d is missing", number)
	}
	return found, err
}
