package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"crosssum/internal/artifact/unpack"
	"crosssum/internal/crawl"
)

const (
	maximumData    = 512 << 20 // of what a package's data unpack to
	maximumMembers = 100_000   // of a package's data
	maximumWindow  = 64 << 20  // held in memory while they are unpacked
)

// eachFile calls f with every member of a Debian package's data. name is for messages. Nothing is written to the disk; what f does not read of a
// member is passed over.
func eachFile(name string, deb []byte, f func(h *tar.Header, r io.Reader) error) error {
	ending, packed, err := dataOf(deb)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	plain, err := unpack.Reader(ending, bytes.NewReader(packed), maximumWindow)
	if err != nil {
		return fmt.Errorf("%s, data.tar%s: %w", name, ending, err)
	}
	defer plain.Close()
	members := tar.NewReader(crawl.LimitReader(plain, maximumData, name+", data.tar"+ending))
	for n := 0; ; n++ {
		h, err := members.Next()
		var large *crawl.ErrTooLarge
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &large):
			return fmt.Errorf("%s, data.tar%s: unpacks to more than %d bytes", name, ending, maximumData)
		case err != nil:
			return fmt.Errorf("%s, data.tar%s, behind member %d: %w", name, ending, n, err)
		case n == maximumMembers:
			return fmt.Errorf("%s: over %d members", name, maximumMembers)
		}
		if err := f(h, members); err != nil {
			return fmt.Errorf("%s, member %.120q: %w", name, h.Name, err)
		}
	}
}

// arHeader is the length of what stands before each member of an ar archive: name 16, time 12, owner 6, group 6, mode 8, size 10, mark 2.
const arHeader = 60

// dataOf finds data.tar in a Debian package (deb(5)): an ar archive of debian-binary, control.tar and data.tar, each of any compression.
func dataOf(deb []byte) (ending string, packed []byte, err error) {
	rest, ok := bytes.CutPrefix(deb, []byte("!<arch>\n"))
	if !ok {
		return "", nil, errors.New("no Debian package: it does not begin as an ar archive does")
	}
	for n := 0; len(rest) > 0; n++ {
		if len(rest) < arHeader || string(rest[58:arHeader]) != "`\n" {
			return "", nil, fmt.Errorf("no header of an ar archive where member %d would begin", n)
		}
		member := strings.TrimSuffix(strings.TrimRight(string(rest[:16]), " "), "/")
		says := strings.TrimRight(string(rest[48:58]), " ")
		size, err := strconv.ParseUint(says, 10, 63)
		if rest = rest[arHeader:]; err != nil || size > uint64(len(rest)) {
			return "", nil, fmt.Errorf("ar member %q: its size is %q, where %d bytes follow", member, says, len(rest))
		}
		body := rest[:size]
		rest = rest[min(size+size%2, uint64(len(rest))):]
		if n == 0 && (member != "debian-binary" || !bytes.HasPrefix(body, []byte("2."))) {
			return "", nil, fmt.Errorf("ar member %q: wanted debian-binary, which says 2.0, first", member)
		}
		if before, ending := unpack.Cut(member); before == "data.tar" {
			return ending, body, nil
		}
	}
	return "", nil, errors.New("no data.tar in it")
}
