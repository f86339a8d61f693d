// Package protobuf reads the wire format of Protocol Buffers, as far as SentencePiece's models need it.
package protobuf

import (
	"encoding/binary"
	"errors"
)

// Fields calls use for every length-delimited field of a message of Protocol Buffers.
func Fields(b []byte, use func(number uint64, content []byte) error) error {
	broken := errors.New("not a protocol buffer")
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return broken
		}
		b = b[n:]
		size := uint64(0)
		switch tag & 7 {
		case 0:
			_, n := binary.Uvarint(b)
			if n <= 0 {
				return broken
			}
			size = uint64(n)
		case 1:
			size = 8
		case 2:
			length, n := binary.Uvarint(b)
			if n <= 0 || length > uint64(len(b)-n) {
				return broken
			}
			b, size = b[n:], length
			if err := use(tag>>3, b[:length]); err != nil {
				return err
			}
		case 5:
			size = 4
		default:
			return broken
		}
		if size > uint64(len(b)) {
			return broken
		}
		b = b[size:]
	}
	return nil
}
