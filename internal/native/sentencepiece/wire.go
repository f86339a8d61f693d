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
