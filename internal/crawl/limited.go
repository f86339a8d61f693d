package crawl

import (
	"fmt"
	"io"
)

// limited reads at most left bytes of r; one more is an ErrTooLarge, not an end: a bomb must not pass as a short file.
type limited struct {
	r    io.Reader
	left int64
	path string
}

// LimitReader reads at most n bytes of r, which is the file path unpacked; one more is an ErrTooLarge.
func LimitReader(r io.Reader, n int64, path string) io.Reader {
	return &limited{r: r, left: n, path: path}
}

// ErrTooLarge says that a file unpacks to more than its limit.
type ErrTooLarge struct{ Path string }

func (e *ErrTooLarge) Error() string {
	return fmt.Sprintf("%s: unpacks to more than the limit on a file", e.Path)
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, &ErrTooLarge{l.path}
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return n - 1, &ErrTooLarge{l.path}
	}
	return n, err
}
