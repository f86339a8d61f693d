package unpack

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"
)

// behind is what the library says of two bytes behind a stream that do not begin another.
const behind = bzip2.StructuralError("bad magic value in continuation file")

// bzip2Reader reads streams, one at least, and the zero bytes that may follow the last. The library takes no zero bytes, and does not say where
// it stands; so two are added at the end of what it reads, and the end is where it complains of two zeros.
type bzip2Reader struct {
	in    *bufio.Reader
	added int
	last  [2]byte
	z     io.Reader
}

func newBzip2(in *bufio.Reader) *bzip2Reader {
	b := &bzip2Reader{in: in}
	b.z = bzip2.NewReader(byByte{b})
	return b
}

func (b *bzip2Reader) Read(p []byte) (int, error) {
	n, err := b.z.Read(p)
	if errors.Is(err, behind) {
		if err = errBehind; b.last == [2]byte{} {
			err = zeros(b.in)
		}
		if err == nil {
			err = io.EOF
		}
	}
	return n, err
}

func (b *bzip2Reader) Close() error { return nil }

// byByte is what the library reads.
type byByte struct{ *bzip2Reader }

func (b byByte) ReadByte() (byte, error) {
	c, err := b.in.ReadByte()
	if errors.Is(err, io.EOF) && b.added < 2 {
		c, err = 0, nil
		b.added++
	}
	if err == nil {
		b.last = [2]byte{b.last[1], c}
	}
	return c, err
}

// Read is never called: the library reads by byte where it can.
func (b byByte) Read([]byte) (int, error) { return 0, io.ErrNoProgress }
