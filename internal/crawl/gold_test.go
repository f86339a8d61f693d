package crawl

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKnownPairsAreReadInsideCrawlRootsOnly(t *testing.T) {
	roots := []string{filepath.Join(t.TempDir(), "missing"), t.TempDir()}
	outside := filepath.Join(t.TempDir(), "secret.tsv.gz")
	folder := filepath.Join(roots[1], "gold")
	for _, err := range []error{os.Mkdir(folder, 0o755), os.WriteFile(filepath.Join(folder, "mine.tsv.gz"), []byte("pairs"), 0o644),
		os.WriteFile(outside, []byte("secret"), 0o644), os.Symlink(outside, filepath.Join(folder, "link.tsv.gz"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	file, err := OpenGold(roots, "mine")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if b, _ := io.ReadAll(file); string(b) != "pairs" {
		t.Errorf("read %q", b)
	}
	for _, name := range []string{"link", "../gold/mine", "none", "", outside, ".."} {
		if _, err := OpenGold(roots, name); err == nil || !strings.Contains(err.Error(), "known pairs") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
