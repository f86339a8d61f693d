// Package sentencepiece reads, applies and trains SentencePiece models through the C++ library.
package sentencepiece

/*
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"crosssum/internal/artifact/bounded"
)

// Kind is the type of a piece, with the numbers of SentencePiece's ModelProto.
type Kind int

// Kinds of pieces that a Model reports; user-defined ones count as Normal.
const (
	Normal  Kind = 1
	Unknown Kind = 2
	Control Kind = 3
	Byte    Kind = 6
)

// Piece is one entry of the vocabulary.
type Piece struct {
	Text  string
	Score float32
	Kind  Kind
}

// Model is a loaded model. It is safe for concurrent use and freed by the garbage collector.
type Model struct {
	handle             C.sp_model
	size               int
	unk, bos, eos, pad int // -1 where the model has none
}

// maxModelBytes bounds a model file: the largest known ones have 5 MB.
const maxModelBytes = 256 << 20

// Load reads the model file at path.
func Load(path string) (*Model, error) {
	b, err := bounded.Read(path, maxModelBytes)
	if err != nil {
		return nil, err
	}
	m, err := FromBytes(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// FromBytes reads a serialized model.
func FromBytes(b []byte) (*Model, error) {
	if len(b) == 0 {
		return nil, errors.New("an empty file is not a SentencePiece model")
	}
	if err := checkMaps(b); err != nil {
		return nil, fmt.Errorf("not a readable SentencePiece model: %w", err)
	}
	m := &Model{}
	if err := failure(C.sp_load((*C.char)(unsafe.Pointer(&b[0])), C.size_t(len(b)), &m.handle)); err != nil {
		return nil, fmt.Errorf("not a readable SentencePiece model: %w", err)
	}
	runtime.SetFinalizer(m, func(m *Model) { C.sp_free(m.handle) })
	m.size = int(C.sp_size(m.handle))
	var unk, bos, eos, pad C.int
	C.sp_special(m.handle, &unk, &bos, &eos, &pad)
	m.unk, m.bos, m.eos, m.pad = int(unk), int(bos), int(eos), int(pad)
	return m, nil
}

// Size is the number of pieces.
func (m *Model) Size() int { return m.size }

// Unk, Bos, Eos and Pad are the ids of the special pieces, -1 where the model has none.
func (m *Model) Unk() int { return m.unk }
func (m *Model) Bos() int { return m.bos }
func (m *Model) Eos() int { return m.eos }
func (m *Model) Pad() int { return m.pad }

// Piece describes the piece of an id.
func (m *Model) Piece(id int) (Piece, error) {
	var text *C.char
	var size C.size_t
	var score C.float
	var kind C.int
	if id < 0 || id >= m.size {
		return Piece{}, fmt.Errorf("piece %d: the vocabulary has %d pieces", id, m.size)
	}
	if err := failure(C.sp_piece(m.handle, C.int(id), &text, &size, &score, &kind)); err != nil {
		return Piece{}, fmt.Errorf("piece %d: %w", id, err)
	}
	p := Piece{Text: C.GoStringN(text, C.int(size)), Score: float32(score), Kind: Kind(kind)}
	runtime.KeepAlive(m)
	return p, nil
}

// ID is the id of a piece; Unk if the vocabulary does not have it.
func (m *Model) ID(piece string) int {
	defer runtime.KeepAlive(m)
	return int(C.sp_id(m.handle, chars(piece), C.size_t(len(piece))))
}

// Encode cuts text into piece ids, normalization included, without any special piece.
func (m *Model) Encode(text string) ([]int32, error) {
	var ids *C.int
	var n C.size_t
	err := failure(C.sp_encode(m.handle, chars(text), C.size_t(len(text)), &ids, &n))
	runtime.KeepAlive(m)
	runtime.KeepAlive(text)
	if err != nil {
		return nil, fmt.Errorf("encoding %d bytes: %w", len(text), err)
	}
	defer C.free(unsafe.Pointer(ids))
	return append([]int32(nil), unsafe.Slice((*int32)(unsafe.Pointer(ids)), int(n))...), nil
}

// Decode joins pieces to text; control pieces become nothing, bytes become the characters they spell.
func (m *Model) Decode(ids []int32) (string, error) {
	if len(ids) == 0 {
		return "", nil
	}
	var text *C.char
	var size C.size_t
	err := failure(C.sp_decode(m.handle, (*C.int)(unsafe.Pointer(&ids[0])), C.size_t(len(ids)), &text, &size))
	runtime.KeepAlive(m)
	if err != nil {
		return "", fmt.Errorf("decoding %d ids: %w", len(ids), err)
	}
	defer C.free(unsafe.Pointer(text))
	return C.GoStringN(text, C.int(size)), nil
}

// chars is a view of s for the length of one call.
func chars(s string) *C.char { return (*C.char)(unsafe.Pointer(unsafe.StringData(s))) }

// failure takes over a message of the C side.
func failure(message *C.char) error {
	if message == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(message))
	return errors.New(strings.TrimSpace(C.GoString(message)))
}
