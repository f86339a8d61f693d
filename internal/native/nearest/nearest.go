// Package nearest finds exact nearest neighbours by inner product between two blocks of vectors, in both directions at
// once. Products of int8 with a proven error bound propose candidates; float64 dot products in index order, rounded once
// to fp32, decide. What comes out depends on vectors and places alone: not on threads, blocks or instruction set.
package nearest

// #cgo CXXFLAGS: -O3 -march=haswell -fopenmp-simd
// #cgo LDFLAGS: -lstdc++
// #include <stdlib.h>
// #include "nearest.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// MaxKeep is the longest list that a Pair makes: longer ones make the error bound's work pointless.
const MaxKeep = 64

// Stripe is what the ranges of Quantize, Scan and Finish are multiples of.
const Stripe = 192

// Instructions names what products are computed with: "avx512vnni", "avx2", or "" where the processor has neither and
// blocks can only be offered candidates.
func Instructions() string { return C.GoString(C.crosssum_nearest_instructions()) }

// Force makes products use an instruction set ("avx2"), none ("none"), or the best again (""). For tests.
func Force(name string) {
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	C.crosssum_nearest_force(s)
}

// Neighbour is an entry of a list: a row of the other table by its place in the order of ids. Larger scores come first,
// then smaller places.
type Neighbour struct {
	Place int32
	Score float32
}

// Block is some rows of a table outside of Go's memory: fill Vectors, Places, Lists and Counts after Reset.
type Block struct{ c *C.crosssum_block }

// NewBlock makes room for capacity rows of d values with lists of keep entries. Close frees it.
func NewBlock(capacity, d, keep int) (*Block, error) {
	if capacity < 1 || d < 1 || keep < 1 || capacity > 1<<31-128 || d > 1<<16 {
		return nil, fmt.Errorf("nearest: no block of %d rows, %d values, lists of %d", capacity, d, keep)
	}
	c := C.crosssum_block_new(C.int64_t(capacity), C.int64_t(d), C.int64_t(keep))
	if c == nil {
		return nil, fmt.Errorf("nearest: no memory for a block of %d rows of %d values", capacity, d)
	}
	return &Block{c}, nil
}

// Close frees the block.
func (b *Block) Close() { C.crosssum_block_free(b.c) }

// Reset sets the number of rows, at most the capacity.
func (b *Block) Reset(rows int) { b.c.rows = C.int64_t(min(rows, int(b.c.capacity))) }

// Rows is the number of rows.
func (b *Block) Rows() int { return int(b.c.rows) }

// Vectors is [rows, d], row-major.
func (b *Block) Vectors() []float32 {
	return unsafe.Slice((*float32)(b.c.vectors), b.c.rows*b.c.d)
}

// Places has the place of every row in the order of its table's ids.
func (b *Block) Places() []int32 { return unsafe.Slice((*int32)(b.c.places), b.c.rows) }

// Lists is [rows, keep]; of each list, Counts tells how many entries there are.
func (b *Block) Lists() []Neighbour {
	return unsafe.Slice((*Neighbour)(unsafe.Pointer(b.c.lists)), b.c.rows*b.c.keep)
}

// Counts is the number of entries of every list.
func (b *Block) Counts() []int32 { return unsafe.Slice((*int32)(b.c.counts), b.c.rows) }

// Quantize prepares rows from..to-1 for a Pair: as its columns or its rows. Vectors are taken less own, those of the
// other block less across: the nearer these are to all vectors, the tighter the bound.
func (b *Block) Quantize(columns bool, own, across []float32, from, to int) {
	C.crosssum_block_quantize(b.c, flag(columns), (*C.float)(&own[0]), (*C.float)(&across[0]), C.int64_t(from), C.int64_t(to))
}

// Pair is a search between two quantized blocks.
type Pair struct{ c *C.crosssum_pair }

// NewPair begins a search that improves the lists of rows, of columns, or both. same: the blocks are copies of one, in
// which a row is not its own neighbour.
func NewPair(rows, columns *Block, forRows, forColumns, same bool) (*Pair, error) {
	c := C.crosssum_pair_new(rows.c, columns.c, flag(forRows), flag(forColumns), flag(same))
	if c == nil {
		return nil, errors.New("nearest: no memory for a pair of blocks")
	}
	return &Pair{c}, nil
}

// Scan multiplies rows from..to-1 with all columns. Several goroutines may scan different rows.
func (p *Pair) Scan(from, to int) { C.crosssum_pair_scan(p.c, C.int64_t(from), C.int64_t(to)) }

// Finish completes the lists of columns from..to-1 after all rows were scanned.
func (p *Pair) Finish(from, to int) { C.crosssum_pair_finish(p.c, C.int64_t(from), C.int64_t(to)) }

// Close ends the search and tells how many candidates were scored exactly.
func (p *Pair) Close() (exact int64, err error) {
	if exact = int64(C.crosssum_pair_free(p.c)); exact < 0 {
		return 0, errors.New("nearest: no memory for candidates")
	}
	return exact, nil
}

// Offer scores candidates of x's rows from, from+1, ... exactly and adds them to their lists: found is [rows, width], row
// numbers in y; those that y does not have are passed over.
func Offer(x, y *Block, from int, found []int64, width int, same bool) {
	if len(found) == 0 || width < 1 {
		return
	}
	C.crosssum_offer(x.c, y.c, C.int64_t(from), C.int64_t(len(found)/width), (*C.int64_t)(&found[0]), C.int64_t(width), flag(same))
}

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
