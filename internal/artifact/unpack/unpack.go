// Package unpack reads compressed files as their own tools do (gzip -t, bzip2 -t, xz -t, zstd -t), in bounded memory.
package unpack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// endings are those of the compressions that Reader knows.
var endings = []string{".gz", ".bz2", ".xz", ".zst"}

// Cut cuts the ending of a compression off a file's name: name, "" for a file that is not compressed.
func Cut(name string) (before, ending string) {
	i := slices.IndexFunc(endings, func(e string) bool { return strings.HasSuffix(name, e) })
	if i < 0 {
		return name, ""
	}
	return strings.TrimSuffix(name, endings[i]), endings[i]
}

// WindowError is that of a file which is unpacked by looking back further than is allowed: what lies in the window is held in memory.
type WindowError struct{ Window, Most uint64 }

func (e *WindowError) Error() string {
	return fmt.Sprintf("a window of %d bytes is wanted to unpack it, at most %d are allowed", e.Window, e.Most)
}

// Reader unpacks what r reads, which has the ending's compression, "" for none. Its memory is the window that the packer chose, at most window bytes,
// and some. A stream that ends too early is an io.ErrUnexpectedEOF; errors of r come back as they are. It is read to the end of r, so that
// nothing that follows is passed over. The caller closes what comes back.
func Reader(ending string, r io.Reader, window int64) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	switch ending {
	case "":
		return io.NopCloser(r), nil
	case ".gz":
		return newGzip(in)
	case ".bz2":
		return newBzip2(in), nil
	case ".xz":
		return newXZ(in, uint64(window))
	case ".zst":
		return newZstd(in, uint64(window))
	}
	return nil, fmt.Errorf("unpack: there is no compression %q", ending)
}

var errBehind = errors.New("something follows the compressed data, and it is not compressed")

// zeros reads to the end what has to be zeros, as tapes and blocks leave them.
func zeros(in *bufio.Reader) error {
	for {
		b, err := in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case b != 0:
			return errBehind
		}
	}
}

// early is an error of a place where r must not end.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
