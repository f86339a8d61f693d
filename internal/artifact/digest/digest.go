// Package digest gives the SHA-256 of files and remembers it, so that a model or a crawl that is asked about again and again is
// read once by a worker.
package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

// state is what of a file changes when its bytes do. Nobody sets the time of the inode's last change, as the one of the bytes
// can be set: who copies a file over another of its size and keeps its time is seen.
type state struct {
	device, inode  uint64
	bytes          int64
	written, moved syscall.Timespec // the bytes' last change, the inode's
}

// A clock of files has a grain: of two changes within it the second is not seen. So a file that has just changed is not remembered.
var settled = 2 * time.Second // changed by tests alone

// maxKnown bounds what is remembered, 150 bytes and a path each.
var maxKnown = 1 << 16 // changed by tests alone

var known = struct {
	sync.Mutex
	of map[string]digested // by path
}{of: map[string]digested{}}

type digested struct {
	state
	digest string
}

// Of gives the SHA-256 in hex and the size of a regular file. progress hears of the bytes that were read or need not be; its
// error ends the reading. The file is read only if it has changed, or another stands at its path, since it was last asked for.
func Of(f *os.File, progress func(bytes int64) error) (digest string, bytes int64, err error) {
	before, recent, err := stateOf(f)
	if err != nil {
		return "", 0, err
	}
	known.Lock()
	last, ok := known.of[f.Name()]
	known.Unlock()
	if ok && last.state == before {
		return last.digest, last.bytes, progress(last.bytes)
	}
	h := reader{sha256.New(), progress}
	if bytes, err = io.Copy(h, f); err != nil {
		return "", bytes, fmt.Errorf("%s: %w", f.Name(), err)
	}
	digest = hex.EncodeToString(h.Sum(nil))
	after, _, err := stateOf(f)
	if err == nil && after == before && bytes == before.bytes && !recent {
		remember(f.Name(), digested{after, digest})
	}
	return digest, bytes, err
}

// remember forgets some other file where there are too many.
func remember(path string, d digested) {
	known.Lock()
	defer known.Unlock()
	for other := range known.of {
		if len(known.of) < maxKnown {
			break
		}
		delete(known.of, other)
	}
	known.of[path] = d
}

func stateOf(f *os.File) (s state, recent bool, err error) {
	info, err := f.Stat()
	if err != nil {
		return s, false, err
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return s, false, &fs.PathError{Op: "digest", Path: f.Name(), Err: fs.ErrInvalid}
	}
	s = state{uint64(sys.Dev), sys.Ino, info.Size(), sys.Mtim, sys.Ctim}
	return s, time.Since(time.Unix(s.moved.Unix())) < settled, nil
}

// reader tells progress what is added to the hash.
type reader struct {
	hash.Hash
	progress func(int64) error
}

func (r reader) Write(p []byte) (int, error) {
	n, err := r.Hash.Write(p)
	if err == nil {
		err = r.progress(int64(n))
	}
	return n, err
}

// File gives the SHA-256 in hex and the size of what can be read at path, all of which is read.
func File(path string) (digest string, bytes int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	bytes, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), bytes, err
}
