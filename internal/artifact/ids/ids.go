// Package ids holds the ids of a table of millions of rows in little memory: some 5 bytes beyond its text an id, and 8 to 16
// more where rows are looked for by id.
package ids

import (
	"math/bits"
	"unsafe"

	"github.com/zeebo/xxh3"
)

// List holds ids one after the other in large pieces: some 5 bytes beyond its text an id. Its zero value is empty.
// The place of an id counts from 1; 0 is no id.
type List struct {
	pieces [][]byte
	starts []uint32 // piece << pieceBits | offset of the id's length, a byte or three, by place - 1
}

const (
	pieceBits = 20
	maxBytes  = 1<<16 - 1 // of an id
	few       = 1 << 12   // bytes of the first piece, to begin with
)

// Add appends an id; false: it has more than 64 kB, or there is no room for more.
func (l *List) Add(id string) bool {
	if len(id) > maxBytes {
		return false
	}
	last := len(l.pieces) - 1
	if last < 0 || len(l.pieces[last])+len(id)+3 > 1<<pieceBits {
		if last+1 == 1<<(32-pieceBits) {
			return false
		}
		size := 1 << pieceBits
		if last < 0 {
			size = few
		}
		l.pieces = append(l.pieces, make([]byte, 0, size))
		last++
	}
	piece := l.pieces[last]
	l.starts = append(l.starts, uint32(last)<<pieceBits|uint32(len(piece)))
	if len(id) < 255 {
		piece = append(piece, byte(len(id)))
	} else {
		piece = append(piece, 255, byte(len(id)), byte(len(id)>>8))
	}
	l.pieces[last] = append(piece, id...)
	return true
}

// Len is the number of ids.
func (l *List) Len() int { return len(l.starts) }

// At is the id of a place: a view, valid as long as the list.
func (l *List) At(place int32) string {
	start := l.starts[place-1]
	bytes := l.pieces[start>>pieceBits][start&(1<<pieceBits-1):]
	n := int(bytes[0])
	bytes = bytes[1:]
	if n == 255 {
		n, bytes = int(bytes[0])|int(bytes[1])<<8, bytes[2:]
	}
	return unsafe.String(unsafe.SliceData(bytes), n)
}

// Index finds places by id: an open table, 8 to 16 bytes an id.
type Index struct {
	ids   *List
	slots []int32
	shift int
}

// NewIndex makes the index of a list that does not change any more.
func NewIndex(ids *List) *Index {
	size := bits.Len(uint(2*ids.Len() + 1))
	x := &Index{ids: ids, slots: make([]int32, 1<<size), shift: 64 - size}
	for place := int32(1); int(place) <= ids.Len(); place++ {
		at := x.first(ids.At(place))
		for x.slots[at] != 0 {
			at = (at + 1) & (len(x.slots) - 1)
		}
		x.slots[at] = place
	}
	return x
}

func (x *Index) first(id string) int { return int(xxh3.HashString(id) >> x.shift) }

// Place is the place of id, 0 if it is not there.
func (x *Index) Place(id string) int32 {
	for at := x.first(id); x.slots[at] != 0; at = (at + 1) & (len(x.slots) - 1) {
		if x.ids.At(x.slots[at]) == id {
			return x.slots[at]
		}
	}
	return 0
}
