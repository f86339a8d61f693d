package crawl

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"crosssum/internal/artifact/lines"
	"crosssum/schemas"

	"github.com/klauspost/compress/zstd"
)

// maxWindow is the largest zstd window that is decoded (zstd --long=27).
const maxWindow = 128 << 20

// unpack opens the compression that a path's ending names. The caller closes what comes back.
func unpack(path string, r io.Reader) (io.ReadCloser, error) {
	switch {
	case strings.HasSuffix(path, ".gz"):
		z, err := gzip.NewReader(r)
		if err != nil && !ofTheDisk(err) {
			err = badFile(path, "not a gzip file: %v", err)
		}
		if err != nil {
			return nil, err
		}
		return z, nil
	case strings.HasSuffix(path, ".zst"):
		packed := bufio.NewReader(r)
		if _, err := packed.Peek(1); err == io.EOF { // which the library takes for the end of no frames
			return nil, badFile(path, "not a zstd file: it is empty")
		}
		z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, badFile(path, "not a zstd file: %v", err)
		}
		return z.IOReadCloser(), nil
	}
	return io.NopCloser(r), nil
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
	plain, err := unpack(path, packed)
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
			return blank, badFile(path, "unpacks to more than %d bytes (max_file_bytes): split it, or raise the limit", limits.MaxFileBytes)
		case err != nil:
			if !ofTheDisk(err) {
				err = badFile(path, "cannot be read beyond line %d: %v: is it truncated?", n, err)
			}
		case n%1024 == 0 && ctx.Err() != nil:
			err = ctx.Err()
		case size > limits.MaxLineBytes:
			err = row(n, Article{}, &Reject{Line: n, Reason: OversizedLine, Detail: wrong(OversizedLine, "%d bytes, at most %d", size, limits.MaxLineBytes).detail})
		case len(bytes.TrimSpace(line)) > 0:
			err = parsed(n, line, row)
		default:
			blank++
		}
		if err != nil {
			return blank, err
		}
	}
}

func parsed(n int64, line []byte, row func(int64, Article, *Reject) error) error {
	a, err := parseLine(line)
	if err != nil {
		return row(n, Article{}, &Reject{Line: n, Reason: err.reason, Detail: err.detail})
	}
	return row(n, a, nil)
}
