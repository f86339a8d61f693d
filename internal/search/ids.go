package search

import (
	"math/bits"
	"unsafe"

	"github.com/zeebo/xxh3"
)

// idList holds the ids of a table in byte order, one after the other in large pieces: some 6 bytes beyond its text an id.
// The place of an id counts from 1; 0 is no id.
type idList struct {
	pieces [][]byte
	starts []uint32 // piece << pieceBits | offset of the id's length, a byte or three, by place - 1
}

const (
	pieceBits = 20
	maxID     = 1 << 16
)

// add appends an id of at most maxID bytes; false: there is no room for more.
func (l *idList) add(id string) bool {
	last := len(l.pieces) - 1
	if last < 0 || len(l.pieces[last])+len(id)+3 > 1<<pieceBits {
		if last+1 == 1<<(32-pieceBits) {
			return false
		}
		l.pieces = append(l.pieces, make([]byte, 0, 1<<pieceBits))
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

func (l *idList) len() int { return len(l.starts) }

// at is the id of a place: a view, valid as long as the list.
func (l *idList) at(place int32) string {
	start := l.starts[place-1]
	bytes := l.pieces[start>>pieceBits][start&(1<<pieceBits-1):]
	n := int(bytes[0])
	bytes = bytes[1:]
	if n == 255 {
		n, bytes = int(bytes[0])|int(bytes[1])<<8, bytes[2:]
	}
	return unsafe.String(unsafe.SliceData(bytes), n)
}

// idIndex finds places by id: an open table, 8 to 16 bytes an id.
type idIndex struct {
	ids   *idList
	slots []int32
	shift int
}

func newIndex(ids *idList) *idIndex {
	size := bits.Len(uint(2*ids.len() + 1))
	x := &idIndex{ids: ids, slots: make([]int32, 1<<size), shift: 64 - size}
	for place := int32(1); int(place) <= ids.len(); place++ {
		at := x.first(ids.at(place))
		for x.slots[at] != 0 {
			at = (at + 1) & (len(x.slots) - 1)
		}
		x.slots[at] = place
	}
	return x
}

func (x *idIndex) first(id string) int { return int(xxh3.HashString(id) >> x.shift) }

// place is the place of id, 0 if it is not there.
func (x *idIndex) place(id string) int32 {
	for at := x.first(id); x.slots[at] != 0; at = (at + 1) & (len(x.slots) - 1) {
		if x.ids.at(x.slots[at]) == id {
			return x.slots[at]
		}
	}
	return 0
}
