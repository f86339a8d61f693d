package intake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"crosssum/internal/artifact/atomicfile"
)

// Gold copies a person's file of known pairs, gzipped if it is not, to where workers find it: the folder gold of the
// last crawl root. It returns its name there, which holds a piece of the content's digest: other content, another name.
func Gold(roots []string, path string) (string, error) {
	if len(roots) == 0 {
		return "", errNoRoot
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("known pairs: %w", err)
	}
	defer file.Close()
	folder := filepath.Join(roots[len(roots)-1], "gold")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	aside, err := os.CreateTemp(folder, atomicfile.Prefix)
	if err != nil {
		return "", err
	}
	defer os.Remove(aside.Name())
	defer aside.Close()
	hash, in := sha256.New(), bufio.NewReader(file)
	var out io.WriteCloser = aside
	if magic, _ := in.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		out = gzip.NewWriter(aside)
	}
	if _, err := io.Copy(out, io.TeeReader(in, hash)); err != nil {
		return "", fmt.Errorf("known pairs %s: %w", path, err)
	}
	if err := out.Close(); err != nil {
		return "", err
	}
	if out != io.WriteCloser(aside) {
		if err := aside.Close(); err != nil {
			return "", err
		}
	}
	base := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".tsv")
	name := safeName(base) + "-" + hex.EncodeToString(hash.Sum(nil)[:6])
	return name, errors.Join(os.Chmod(aside.Name(), 0o644), atomicfile.Move(aside.Name(), filepath.Join(folder, name+".tsv.gz")))
}
