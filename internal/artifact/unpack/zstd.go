package unpack

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// zstdReader reads frames. One at least, since the library takes an empty file for the end of none.
type zstdReader struct {
	io.ReadCloser
	in   *lastRead
	most uint64
}

func newZstd(in *bufio.Reader, window uint64) (io.ReadCloser, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, early(err)
	}
	z := &zstdReader{in: &lastRead{in: in}, most: window}
	decoder, err := zstd.NewReader(z.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, err
	}
	z.ReadCloser = decoder.IOReadCloser()
	return z, nil
}

func (z *zstdReader) Read(p []byte) (int, error) {
	n, err := z.ReadCloser.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		if window := z.in.window(); window > z.most {
			err = &WindowError{window, z.most}
		}
	}
	return n, err
}

// lastRead keeps the end of what was read. The library reads no further than it has to: when it refuses a window, that is a frame's header.
type lastRead struct {
	in   io.Reader
	last []byte
}

func (l *lastRead) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	l.last = append(l.last, p[max(0, n-zstd.HeaderMaxSize):n]...)
	if over := len(l.last) - zstd.HeaderMaxSize; over > 0 {
		l.last = append(l.last[:0], l.last[over:]...)
	}
	return n, err
}

// window is what the header of a frame asks for that was just read; 0 where that is none.
func (l *lastRead) window() uint64 {
	var h zstd.Header
	at := bytes.LastIndex(l.last, []byte{0x28, 0xB5, 0x2F, 0xFD})
	if at < 0 || h.Decode(l.last[at:]) != nil {
		return 0
	}
	if h.SingleSegment {
		return h.FrameContentSize
	}
	return h.WindowSize
}
