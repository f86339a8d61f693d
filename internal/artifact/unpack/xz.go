package unpack

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"

	"github.com/ulikunitz/xz/lzma"
)

// xzReader reads streams of blocks (The .xz File Format, version 1.1), with LZMA2 alone as a filter. The container is read here, since the library's own
// reader makes a dictionary of any size that a block asks for, up to 4 GiB.
type xzReader struct {
	in   *counted
	most uint64

	flags   [2]byte       // of the stream
	blocks  uint64        // of the stream, so far
	records hash.Hash     // of their sizes: what the stream's index must repeat
	check   hash.Hash     // of the block; nil where the stream has none
	little  bool          // check's sum stands in the file with its last byte first
	block   *lzma.Reader2 // nil between blocks
	sizes   struct{ start, header, packed, unpacked, said, saidUnpacked uint64 }
	err     error
}

const unsaid = ^uint64(0) // of a size

var errXZ = errors.New("its xz structure is damaged")

func newXZ(in *bufio.Reader, window uint64) (*xzReader, error) {
	x := &xzReader{in: &counted{in: in}, most: window}
	if err := x.stream(); err != nil {
		return nil, early(err)
	}
	return x, nil
}

func (x *xzReader) Close() error { return nil }

func (x *xzReader) Read(p []byte) (n int, err error) {
	for n == 0 && x.err == nil && len(p) > 0 {
		if x.block == nil {
			x.err = x.next()
			continue
		}
		n, x.err = x.block.Read(p)
		x.sizes.unpacked += uint64(n)
		if x.check != nil {
			x.check.Write(p[:n])
		}
		if x.err == io.EOF {
			x.err, x.block = x.endBlock(), nil
		}
	}
	return n, x.err
}

var magic, footer = []byte{0xFD, '7', 'z', 'X', 'Z', 0}, []byte("YZ")

// stream reads a stream's header.
func (x *xzReader) stream() error {
	var h [12]byte
	if _, err := io.ReadFull(x.in, h[:]); err != nil {
		return early(err)
	}
	if !bytes.Equal(h[:6], magic) {
		return errors.New("it has not the mark of xz")
	}
	x.flags = [2]byte(h[6:8])
	if crc32.ChecksumIEEE(x.flags[:]) != binary.LittleEndian.Uint32(h[8:]) {
		return errXZ
	}
	x.blocks, x.records = 0, sha256.New()
	switch x.flags {
	case [2]byte{0, 0}:
		x.check = nil
	case [2]byte{0, 1}:
		x.check, x.little = crc32.NewIEEE(), true
	case [2]byte{0, 4}:
		x.check, x.little = crc64.New(crc64.MakeTable(crc64.ECMA)), true
	case [2]byte{0, 10}:
		x.check, x.little = sha256.New(), false
	default:
		return errors.New("it has a check that is not known")
	}
	return nil
}

// next opens the next block, of the next stream perhaps: io.EOF where there is none.
func (x *xzReader) next() error {
	size, err := x.in.ReadByte()
	if err != nil {
		return early(err)
	}
	if size != 0 {
		return x.openBlock(size)
	}
	if err := x.index(); err != nil {
		return err
	}
	for {
		next, err := x.in.in.Peek(4)
		switch {
		case err == io.EOF && len(next) == 0:
			return io.EOF
		case err != nil:
			return early(err)
		case bytes.Equal(next, make([]byte, 4)):
			x.in.in.Discard(4)
		default:
			return x.stream()
		}
	}
}

// openBlock reads a block's header, of (size+1)*4 bytes.
func (x *xzReader) openBlock(size byte) error {
	h := make([]byte, (int(size)+1)*4)
	h[0] = size
	if _, err := io.ReadFull(x.in, h[1:]); err != nil {
		return early(err)
	}
	end := len(h) - 4
	if crc32.ChecksumIEEE(h[:end]) != binary.LittleEndian.Uint32(h[end:]) || h[1]&0x3C != 0 {
		return errXZ
	}
	fields, filters := bytes.NewReader(h[2:end]), h[1]&3+1
	x.sizes.said, x.sizes.saidUnpacked = unsaid, unsaid
	var err1, err2 error
	if h[1]&0x40 != 0 {
		x.sizes.said, err1 = binary.ReadUvarint(fields)
	}
	if h[1]&0x80 != 0 {
		x.sizes.saidUnpacked, err2 = binary.ReadUvarint(fields)
	}
	filter := make([]byte, 3) // LZMA2's number, one byte of properties, the dictionary's size
	_, err := io.ReadFull(fields, filter)
	switch {
	case errors.Join(err, err1, err2) != nil:
		return errXZ
	case filters != 1 || filter[0] != 0x21:
		return errors.New("it has a filter other than LZMA2 (as for programs): pack it anew with plain xz")
	case filter[1] != 1 || filter[2] > 40:
		return errXZ
	}
	dictionary := uint64(1<<32 - 1)
	if c := filter[2]; c < 40 {
		dictionary = uint64(2|c&1) << (c/2 + 11)
	}
	if dictionary > x.most {
		return &WindowError{dictionary, x.most}
	}
	x.sizes.start, x.sizes.header, x.sizes.unpacked = x.in.n, uint64(len(h)), 0
	if x.check != nil {
		x.check.Reset()
	}
	x.block, err = lzma.Reader2Config{DictCap: int(dictionary)}.NewReader2(x.in)
	return err
}

// endBlock reads what follows a block's data: padding and check.
func (x *xzReader) endBlock() error {
	s := &x.sizes
	s.packed = x.in.n - s.start
	if err := x.padding(s.packed); err != nil {
		return err
	}
	var want, got []byte
	if x.check != nil {
		want = x.check.Sum(nil)
		if x.little {
			slices.Reverse(want)
		}
		got = make([]byte, len(want))
	}
	if _, err := io.ReadFull(x.in, got); err != nil {
		return early(err)
	}
	if !bytes.Equal(got, want) || s.said != unsaid && s.said != s.packed || s.saidUnpacked != unsaid && s.saidUnpacked != s.unpacked {
		return errXZ
	}
	x.blocks++
	record(x.records, s.header+s.packed+uint64(len(want)), s.unpacked)
	return nil
}

func record(h hash.Hash, sizes ...uint64) { binary.Write(h, binary.LittleEndian, sizes) }

// padding reads the zeros that make n bytes a multiple of four.
func (x *xzReader) padding(n uint64) error {
	pad := make([]byte, (4-n%4)%4)
	if _, err := io.ReadFull(x.in, pad); err != nil {
		return early(err)
	}
	if !bytes.Equal(pad, make([]byte, len(pad))) {
		return errXZ
	}
	return nil
}

// index reads a stream's index behind its first byte, and the stream's footer.
func (x *xzReader) index() error {
	start := x.in.n - 1
	x.in.crc = crc32.NewIEEE()
	x.in.crc.Write([]byte{0})
	blocks, err := binary.ReadUvarint(x.in)
	if err != nil {
		return early(err)
	}
	if blocks != x.blocks {
		return errXZ
	}
	records := sha256.New()
	for range blocks {
		packed, err1 := binary.ReadUvarint(x.in)
		unpacked, err2 := binary.ReadUvarint(x.in)
		if err := errors.Join(err1, err2); err != nil {
			return early(err)
		}
		record(records, packed, unpacked)
	}
	if err := x.padding(x.in.n - start); err != nil {
		return err
	}
	sum := x.in.crc.Sum32()
	x.in.crc = nil
	var end [16]byte // the index's sum, and the footer: sum, size of the index, flags, mark
	if _, err := io.ReadFull(x.in, end[:4]); err != nil {
		return early(err)
	}
	size := x.in.n - start
	if _, err := io.ReadFull(x.in, end[4:]); err != nil {
		return early(err)
	}
	number := func(at int) uint32 { return binary.LittleEndian.Uint32(end[at:]) }
	if number(0) != sum || !bytes.Equal(records.Sum(nil), x.records.Sum(nil)) || crc32.ChecksumIEEE(end[8:14]) != number(4) ||
		(uint64(number(8))+1)*4 != size || !bytes.Equal(end[12:14], x.flags[:]) || !bytes.Equal(end[14:], footer) {
		return errXZ
	}
	return nil
}

// counted counts what is read, and sums it up while crc is there.
type counted struct {
	in  *bufio.Reader // not embedded: its WriteTo would pass by Read
	n   uint64
	crc hash.Hash32
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.took(p[:n])
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.in.ReadByte()
	if err == nil {
		c.took([]byte{b})
	}
	return b, err
}

func (c *counted) took(p []byte) {
	c.n += uint64(len(p))
	if c.crc != nil {
		c.crc.Write(p)
	}
}
