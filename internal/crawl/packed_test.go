package crawl

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/schemas"
)

// fixture is a file of testdata.
func fixture(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryFormThatToolsPackIsACrawlFile(t *testing.T) {
	for name, packed := range map[string]string{"english_train.jsonl.gz": "zeros.gz", "german.jsonl.gz": "members.gz", "english_val.jsonl.bz2": "stream.bz2",
		"english_test.jsonl.bz2": "streams.bz2", "chinese_simplified.jsonl.xz": "best.xz", "hindi.jsonl.zst": "long-28.zst"} {
		root := t.TempDir()
		write(t, filepath.Join(root, "c", name), fixture(t, packed))
		folder, files := scanned(t, root)
		limits := roomy
		limits.MaxWindowBytes = 256 << 20
		if in, _, err := ingest(t, folder, files, limits); err != nil || in.Accepted != 2 || in.Read != 2 {
			t.Errorf("%s: %+v, %v", name, in, err)
		}
	}
}

func TestAWindowBeyondTheLimitIsNamedWithWhatToDo(t *testing.T) {
	for name, c := range map[string]struct{ packed, window string }{
		"english.jsonl.zst": {"long-28.zst", "268435456"}, "german.jsonl.zst": {"long-31.zst", "2147483648"},
		"hindi.jsonl.zst": {"long-30.zst", "1073741824"}, "thai.jsonl.xz": {"dictionary.xz", "268435456"},
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, "c", name), fixture(t, c.packed))
		folder, files := scanned(t, root)
		_, _, err := ingest(t, folder, files, roomy)
		for _, want := range []string{name, "a window of " + c.window + " bytes", "at most 134217728", "ingest.max_window_bytes", "pack the file anew"} {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "truncated") {
				t.Errorf("%s: %v does not say %s", name, err, want)
			}
		}
		out := t.TempDir()
		in, err := Ingest(context.Background(), folder, files, roomy, true, out, t.TempDir(), func(int64) {})
		if b, _ := os.ReadFile(filepath.Join(out, "files.json")); err != nil || in.Files[0].State != schemas.FileFailed || !bytes.Contains(b, []byte("max_window_bytes")) {
			t.Errorf("%s, tolerant: %s, %v", name, b, err)
		}
	}
}
