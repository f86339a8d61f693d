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
	var model sentencepiece.Message
	add := func(text string, score float32, kind sentencepiece.Kind) {
		var p sentencepiece.Message
		p.Bytes(1, []byte(text))
		p.Float(2, score)
		if kind != sentencepiece.Normal {
			p.Varint(3, uint64(kind))
		}
		model.Bytes(1, p)
	}
	add("<unk>", 0, sentencepiece.Unknown)
	add("<s>", 0, sentencepiece.Control)
	add("</s>", 0, sentencepiece.Control)
	for _, p := range h.pieces[4:last] {
		add(p.text, p.score, sentencepiece.Normal)
	}
	var trainer sentencepiece.Message
	trainer.Varint(3, 1) // model_type: unigram
	trainer.Varint(4, uint64(last-1))
	model.Bytes(2, trainer)
	var normalizer sentencepiece.Message
	normalizer.Bytes(1, []byte("nmt_nfkc"))
	normalizer.Bytes(2, charsmap)
	normalizer.Varint(3, 1) // add_dummy_prefix
	normalizer.Varint(4, 1) // remove_extra_whitespaces
	normalizer.Varint(5, 1) // escape_whitespaces
	model.Bytes(3, normalizer)
	return model, nil
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
