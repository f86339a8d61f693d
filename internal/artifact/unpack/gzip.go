package unpack

import (
	"bufio"
	"compress/gzip"
	"io"
)

// gzipReader reads members, one at least, and the zero bytes that may follow the last.
type gzipReader struct {
	in *bufio.Reader
	*gzip.Reader
	err error
}

func newGzip(in *bufio.Reader) (*gzipReader, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, early(err)
	}
	z.Multistream(false)
	return &gzipReader{in: in, Reader: z}, nil
}

func (g *gzipReader) Read(p []byte) (n int, err error) {
	for n == 0 && g.err == nil && len(p) > 0 {
		if n, g.err = g.Reader.Read(p); g.err == io.EOF {
			g.err = g.member()
		}
	}
	return n, g.err
}

// member begins the next one: io.EOF where there is none.
func (g *gzipReader) member() error {
	next, err := g.in.Peek(1)
	if err != nil {
		return err
	}
	if next[0] == 0 {
		if err := zeros(g.in); err != nil {
			return err
		}
		return io.EOF
	}
	if err := g.Reset(g.in); err != nil {
		return early(err)
	}
	g.Multistream(false)
	return nil
}
