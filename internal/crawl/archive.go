package crawl

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sync"
	"unicode/utf8"

	"crosssum/internal/artifact/digest"
	"crosssum/internal/artifact/unpack"
	"crosssum/schemas"
)

// archiveFile is a tar of crawl files, as XL-Sum is distributed. Nothing of it is written to the disk.
var archiveFile = regexp.MustCompile(`^[^.].*\.tar(?:\.gz|\.bz2|\.xz|\.zst)?$`)

const (
	maxMembers    = 10_000 // of an archive
	maxMemberPath = 512    // bytes
)

// member is a regular file of an archive. Those that are no crawl files have no digest.
type member struct {
	path   string // in the archive, without "./"
	bytes  int64
	digest string
}

// Archives says how those of a folder are read to list what they hold: all of each is unpacked. Progress hears of the bytes; its error ends it.
type Archives struct {
	Limits   schemas.IngestParams // those that an input does not say are the demo's
	Progress func(bytes int64) error
}

// maxKnown bounds how many archives are remembered.
const maxKnown = 64

// listed are the archives that this process has read before, so that a crawl that is asked about again and again is unpacked once to be listed.
var listed = struct {
	sync.Mutex
	of map[listing][]member
}{of: map[listing][]member{}}

type listing struct {
	digest string // of the archive
	limits schemas.IngestParams
}

// members lists an archive of the folder.
func (f *Folder) members(name string) ([]member, error) {
	progress := f.Archives.Progress
	if progress == nil {
		progress = func(int64) error { return nil }
	}
	file, err := f.dir.Open(name)
	if err != nil {
		return nil, bad("crawl %s: %v", f.Name, err)
	}
	defer file.Close()
	sum, _, err := digest.Of(file, progress)
	if err != nil {
		return nil, err
	}
	key := listing{sum, f.Archives.Limits.Filled()}
	listed.Lock()
	members, ok := listed.of[key]
	listed.Unlock()
	if ok {
		return members, nil
	}
	members, err = f.list(schemas.CrawlFile{Path: name, Digest: sum}, key.limits, progress)
	if err != nil {
		return nil, err
	}
	listed.Lock()
	defer listed.Unlock()
	for other := range listed.of {
		if len(listed.of) < maxKnown {
			break
		}
		delete(listed.of, other)
	}
	listed.of[key] = members
	return members, nil
}

// list reads an archive to its end.
func (f *Folder) list(c schemas.CrawlFile, limits schemas.IngestParams, progress func(int64) error) ([]member, error) {
	packed, check, err := f.Open(c, limits)
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	members, err := readMembers("crawl "+f.Name+", "+c.Path, packed, limits, progress)
	if changed := check(); changed != nil {
		return nil, changed
	}
	return members, err
}

// readMembers lists what packed has; name is for messages.
func readMembers(name string, packed io.Reader, limits schemas.IngestParams, progress func(int64) error) (members []member, err error) {
	plain, err := unpacked(name, packed, limits.MaxWindowBytes)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	in := &told{r: LimitReader(plain, limits.MaxFileBytes, name), progress: progress}
	unlisted := func(err error) error {
		var large *ErrTooLarge
		switch {
		case in.stop != nil:
			return in.stop
		case errors.As(err, &large):
			return tooLarge(name, limits)
		}
		return unread(name, fmt.Sprintf("beyond member %d", len(members)), err)
	}
	t := tar.NewReader(in)
	var all int64
	for {
		at := in.n
		h, err := t.Next()
		if err == io.EOF {
			if in.n-at < block { // of zeros, which say that this is the end
				return nil, unlisted(io.ErrUnexpectedEOF)
			}
			if err := onlyZeros(name, in); err != nil {
				return nil, unlisted(err)
			}
			return members, nil
		}
		if err != nil {
			return nil, unlisted(err)
		}
		m := member{path: path.Clean(h.Name), bytes: h.Size}
		reads := crawlFile.MatchString(path.Base(m.path)) && h.Typeflag != tar.TypeDir
		switch {
		case h.Size > limits.MaxFileBytes-all: // as it says, also of what it has as holes
			return nil, tooLarge(name, limits)
		case h.Typeflag != tar.TypeReg && reads:
			return nil, bad("%s, member %.120q: not a regular file", name, m.path)
		case h.Typeflag != tar.TypeReg:
			continue
		case len(members) == maxMembers:
			return nil, bad("%s: over %d files in an archive: make several", name, maxMembers)
		case !filepath.IsLocal(m.path) || len(m.path) > maxMemberPath || !utf8.ValidString(m.path):
			return nil, bad("%s, member %.120q: a path that leads out of the archive, has over %d bytes or is no UTF-8: pack it anew", name, h.Name, maxMemberPath)
		}
		all += h.Size
		sum := sha256.New()
		if _, err := io.Copy(sum, t); err != nil { // of the others too, so that Next begins behind it
			return nil, unlisted(err)
		}
		if reads {
			m.digest = hex.EncodeToString(sum.Sum(nil))
		}
		members = append(members, m)
	}
}

// block is the unit of a tar.
const block = 512

func tooLarge(name string, limits schemas.IngestParams) error {
	return bad("%s: unpacks to more than %d bytes (ingest.max_file_bytes): split it, or raise the limit: %s", name, limits.MaxFileBytes,
		schemas.Give("ingest.max_file_bytes", 2*limits.MaxFileBytes))
}

// onlyZeros reads what follows the end of an archive, in which another archive would be passed over.
func onlyZeros(name string, in io.Reader) error {
	rest := make([]byte, 64<<10)
	for {
		n, err := in.Read(rest)
		if bytes.IndexFunc(rest[:n], func(r rune) bool { return r != 0 }) >= 0 {
			return errors.New("something follows its end, such as a second archive, which would be passed over")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// told counts what is read of r and tells progress.
type told struct {
	r        io.Reader
	n        int64
	progress func(int64) error
	stop     error // of progress
}

func (r *told) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	if r.stop == nil {
		r.stop = r.progress(int64(n))
	}
	return n, cmp.Or(r.stop, err)
}

// openMember finds the file of a scan in its archive, which file is.
func openMember(c schemas.CrawlFile, file *os.File, limits schemas.IngestParams) (io.ReadCloser, error) {
	in, closer := io.Reader(file), io.NopCloser(nil) // a tar that is not packed is not read up to the member, but skipped
	if _, ending := unpack.Cut(c.Archive); ending != "" {
		plain, err := unpacked(c.Archive, file, limits.MaxWindowBytes)
		if err != nil {
			return nil, err
		}
		in, closer = plain, plain
	}
	t := tar.NewReader(in)
	for {
		h, err := t.Next()
		if err != nil {
			return nil, errors.Join(err, closer.Close())
		}
		if h.Typeflag == tar.TypeReg && c.Archive+"/"+path.Clean(h.Name) == c.Path {
			return struct {
				io.Reader
				io.Closer
			}{t, closer}, nil
		}
	}
}
