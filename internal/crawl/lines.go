package crawl

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"crosssum/internal/artifact/lines"
	"crosssum/internal/artifact/unpack"
	"crosssum/schemas"
)

// unpacked opens the compression that a path's ending names. The caller closes what comes back.
func unpacked(path string, r io.Reader, window int64) (io.ReadCloser, error) {
	_, ending := unpack.Cut(path)
	z, err := unpack.Reader(ending, r, window)
	if err != nil {
		return nil, unread(path, "at all", err)
	}
	return z, nil
}

// unread says why a file cannot be read beyond somewhere.
func unread(path, beyond string, err error) error {
	var window *unpack.WindowError
	switch {
	case ofTheDisk(err):
		return err
	case errors.As(err, &window):
		return badFile(path, "it was packed with a window of %d bytes, at most %d are read (ingest.max_window_bytes), since unpacking takes so much memory: raise the limit, "+
			"or pack the file anew with a smaller window (zstd without --long, xz -9 at most). To raise it: %s", window.Window, window.Most,
			schemas.Give("ingest.max_window_bytes", window.Window))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return badFile(path, "cannot be read %s, where it ends too early: is it truncated?", beyond)
	}
	return badFile(path, "cannot be read %s: %v: is it damaged?", beyond, err)
}

// ofTheDisk tells a read that failed from bytes that are wrong: it may be well the next time, and a ledger must not hold it
// against the file.
func ofTheDisk(err error) bool {
	var disk *fs.PathError
	return errors.As(err, &disk)
}

// EachRow calls row with every line of a file that holds something: its number from 1, and either the article or the
// error. A line is at most one limit in memory. It returns the number of blank lines, which are no rows.
func EachRow(ctx context.Context, path string, packed io.Reader, limits schemas.IngestParams, row func(int64, Article, *Reject) error) (blank int64, err error) {
	plain, err := unpacked(path, packed, limits.MaxWindowBytes)
	if err != nil {
		return 0, err
	}
	defer plain.Close()
	in := bufio.NewReaderSize(&limited{r: plain, left: limits.MaxFileBytes, path: path}, 64<<10)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
		in.Discard(3) // a byte order mark at the start of a file is no part of its first row
	}
	all := lines.NewReader(in, int(limits.MaxLineBytes))
	for n := int64(1); ; n++ {
		line, err := all.Next()
		size := int64(len(line))
		if errors.Is(err, lines.ErrTooLong) {
			size, err = all.Skip()
		}
		var large *ErrTooLarge
		switch {
		case errors.Is(err, io.EOF):
			return blank, nil
		case errors.As(err, &large):
			return blank, badFile(path, "unpacks to more than %d bytes (ingest.max_file_bytes): split it, or raise the limit: %s", limits.MaxFileBytes,
				schemas.Give("ingest.max_file_bytes", 2*limits.MaxFileBytes))
		case err != nil:
			err = unread(path, fmt.Sprintf("beyond line %d", n), err)
		case n%1024 == 0 && ctx.Err() != nil:
			err = ctx.Err()
		case size > limits.MaxLineBytes:
			r := wrong(OversizedLine, "%d bytes, at most %d", size, limits.MaxLineBytes)
			r.Line = n
			err = row(n, Article{}, r)
		case len(bytes.TrimSpace(line)) > 0:
			a, r := parseLine(line)
			if r != nil {
				r.Line, r.row = n, sha256.Sum256(line)
			}
			err = row(n, a, r)
		default:
			blank++
		}
		if err != nil {
			return blank, err
		}
	}
}

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
