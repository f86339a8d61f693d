package main

import (
	"encoding/binary"
	"fmt"
	"math"

	"crosssum/internal/artifact/protobuf"
)

// Types of pieces in SentencePiece's ModelProto.
const (
	pieceNormal  = 1
	pieceUnknown = 2
	pieceControl = 3
)

// message writes the wire format of Protocol Buffers.
type message []byte

func (m *message) varint(field int, v uint64) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3)
	*m = binary.AppendUvarint(*m, v)
}

func (m *message) bytes(field int, b []byte) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|2)
	*m = binary.AppendUvarint(*m, uint64(len(b)))
	*m = append(*m, b...)
}

func (m *message) float(field int, v float32) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|5)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(v))
}

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
	var model message
	add := func(text string, score float32, kind uint64) {
		var p message
		p.bytes(1, []byte(text))
		p.float(2, score)
		if kind != pieceNormal {
			p.varint(3, kind)
		}
		model.bytes(1, p)
	}
	add("<unk>", 0, pieceUnknown)
	add("<s>", 0, pieceControl)
	add("</s>", 0, pieceControl)
	for _, p := range h.pieces[4:last] {
		add(p.text, p.score, pieceNormal)
	}
	var trainer message
	trainer.varint(3, 1) // model_type: unigram
	trainer.varint(4, uint64(last-1))
	model.bytes(2, trainer)
	var normalizer message
	normalizer.bytes(1, []byte("nmt_nfkc"))
	normalizer.bytes(2, charsmap)
	normalizer.varint(3, 1) // add_dummy_prefix
	normalizer.varint(4, 1) // remove_extra_whitespaces
	normalizer.varint(5, 1) // escape_whitespaces
	model.bytes(3, normalizer)
	return model, nil
}

// field is the last length-delimited field of that number in a message.
func field(b []byte, number uint64) (found []byte, err error) {
	err = protobuf.Fields(b, func(n uint64, content []byte) error {
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
