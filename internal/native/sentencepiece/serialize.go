package sentencepiece

import (
	"encoding/binary"
	"math"
)

// Serialize writes a Unigram model as SentencePiece's ModelProto: the pieces, whose ids are their places, and a compiled
// normalization map. White space is kept as the library does by default: one "▁" before each word, none doubled.
func Serialize(pieces []Piece, charsmap []byte) []byte {
	var model message
	unknown := 0
	for i, p := range pieces {
		var piece message
		piece.bytes(1, []byte(p.Text))
		piece.float(2, p.Score)
		if p.Kind != Normal {
			piece.varint(3, uint64(p.Kind))
		}
		if p.Kind == Unknown {
			unknown = i
		}
		model.bytes(1, piece)
	}
	var trainer message
	trainer.varint(3, 1) // model_type: unigram
	trainer.varint(4, uint64(len(pieces)))
	trainer.varint(40, uint64(unknown)) // unk_id
	model.bytes(2, trainer)
	var normalizer message
	normalizer.bytes(2, charsmap)
	normalizer.varint(3, 1) // add_dummy_prefix
	normalizer.varint(4, 1) // remove_extra_whitespaces
	normalizer.varint(5, 1) // escape_whitespaces
	model.bytes(3, normalizer)
	return model
}

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
