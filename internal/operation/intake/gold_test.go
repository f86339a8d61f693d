package intake

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKnownPairsAreBroughtInGzippedUnderANameOfTheirContent(t *testing.T) {
	roots := []string{t.TempDir(), filepath.Join(t.TempDir(), "crawls")}
	text := "language\tid\tkey\nenglish\te1\tk\n"
	plain := filepath.Join(t.TempDir(), "my pairs.tsv")
	if err := os.WriteFile(plain, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bring := func(path string) string {
		t.Helper()
		name, err := Gold(roots, path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(roots[1], "gold", name+".tsv.gz"))
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !strings.HasPrefix(string(got), "language") {
			t.Errorf("%q, %v", got, err)
		}
		return name
	}
	first := bring(plain)
	if !strings.HasPrefix(first, "my-pairs-") || bring(plain) != first {
		t.Errorf("name %q, then another", first)
	}
	if err := os.WriteFile(plain, []byte(text+"french\tf1\tk\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if bring(plain) == first {
		t.Error("other content has the same name: a run may be reading the first")
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(text))
	z.Close()
	packed := filepath.Join(t.TempDir(), "known.tsv.gz")
	if err := os.WriteFile(packed, zipped.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if name := bring(packed); !strings.HasPrefix(name, "known-") {
		t.Errorf("name %q", name)
	}
	if left, _ := filepath.Glob(filepath.Join(roots[1], "gold", ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := Gold(roots, filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing file was brought in")
	}
}
