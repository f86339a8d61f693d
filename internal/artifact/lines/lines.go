// Package lines reads lines of a bounded length.
package lines

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// ErrTooLong is the error of a line over its bound.
var ErrTooLong = errors.New("line over its bound")

// Reader reads lines. None takes more memory than the bound.
type Reader struct {
	r    *bufio.Reader
	max  int
	line []byte
}

// NewReader reads lines of at most max bytes without their line feeds.
func NewReader(r io.Reader, max int) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 64<<10), max: max}
}

// Next is the next line without its line feed, valid until the call after it; io.EOF behind the last. What follows the last line
// feed is a line, unless it is empty.
func (l *Reader) Next() ([]byte, error) {
	line, err := l.Whole()
	if errors.Is(err, io.EOF) && len(line) > 0 {
		err = nil
	}
	return line, err
}

// Whole is Next of what a process writes that may die: without its line feed a line is none, and comes with io.EOF.
func (l *Reader) Whole() ([]byte, error) {
	for l.line = l.line[:0]; ; {
		part, err := l.r.ReadSlice('\n')
		if err == nil {
			part = part[:len(part)-1]
		}
		if l.line = append(l.line, part...); len(l.line) > l.max {
			if err == nil {
				l.r.UnreadByte() // so that Skip finds its end
			}
			return nil, fmt.Errorf("%w of %d bytes", ErrTooLong, l.max)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l.line, err
		}
	}
}

// Skip reads to the end of a line that was too long, and gives the length of all of it. At the end of what is read it has no error.
func (l *Reader) Skip() (length int64, err error) {
	length = int64(len(l.line))
	for {
		part, err := l.r.ReadSlice('\n')
		switch length += int64(len(part)); {
		case err == nil:
			return length - 1, nil
		case errors.Is(err, io.EOF):
			return length, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return length, err
		}
	}
}
