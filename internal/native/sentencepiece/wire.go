package sentencepiece

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Message is one of Protocol Buffers, as SentencePiece's models are, in its wire format.
type Message []byte

func (m *Message) Varint(field protowire.Number, v uint64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), v)
}

func (m *Message) Bytes(field protowire.Number, b []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), b)
}

func (m *Message) Float(field protowire.Number, v float32) {
	*m = protowire.AppendFixed32(protowire.AppendTag(*m, field, protowire.Fixed32Type), math.Float32bits(v))
}

// Fields calls use for every field with a length.
func (m Message) Fields(use func(field protowire.Number, content []byte) error) error {
	for len(m) > 0 {
		field, kind, tag := protowire.ConsumeTag(m)
		if tag < 0 {
			return protowire.ParseError(tag)
		}
		size := protowire.ConsumeFieldValue(field, kind, m[tag:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		if kind == protowire.BytesType {
			content, _ := protowire.ConsumeBytes(m[tag:])
			if err := use(field, content); err != nil {
				return err
			}
		}
		m = m[tag+size:]
	}
	return nil
}

// Serialize writes a Unigram model as SentencePiece's ModelProto: the pieces, whose ids are their places, and a compiled
// normalization map with its name. White space is kept as the library does by default: one "▁" before each word, none doubled.
func Serialize(pieces []Piece, name string, charsmap []byte) []byte {
	var model Message
	unknown := 0
	for i, p := range pieces {
		var piece Message
		piece.Bytes(1, []byte(p.Text))
		piece.Float(2, p.Score)
		if p.Kind != Normal {
			piece.Varint(3, uint64(p.Kind))
		}
		if p.Kind == Unknown {
			unknown = i
		}
		model.Bytes(1, piece)
	}
	var trainer Message
	trainer.Varint(3, 1) // model_type: unigram
	trainer.Varint(4, uint64(len(pieces)))
	if unknown > 0 {
		trainer.Varint(40, uint64(unknown)) // unk_id
	}
	model.Bytes(2, trainer)
	var normalizer Message
	if name != "" {
		normalizer.Bytes(1, []byte(name))
	}
	normalizer.Bytes(2, charsmap)
	normalizer.Varint(3, 1) // add_dummy_prefix
	normalizer.Varint(4, 1) // remove_extra_whitespaces
	normalizer.Varint(5, 1) // escape_whitespaces
	model.Bytes(3, normalizer)
	return model
}
