package crawl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

func TestADeletionIsARowOfItsIDLikeAnyOther(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "c", "english_test.jsonl"), row("a", "x")+`{"id":"b","deleted":true}`+"\n"+`{"id":"a","deleted":true}`+"\n")
	write(t, filepath.Join(root, "c", "english_train.jsonl"), row("b", "x")+`{"deleted":true,"id":"b"}`+"\n"+`{"id":"0","deleted":true,"text":""}`+"\n")
	folder, files := scanned(t, root)
	in, out, err := ingest(t, folder, files, roomy)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	arrowfile.Each(filepath.Join(out, "articles.arrow"), func(r *schemas.ArticleRow) error {
		got += "articles " + r.Language + "/" + r.ID + " "
		return nil
	})
	arrowfile.Each(filepath.Join(out, "deletions.arrow"), func(r *schemas.DeletionRow) error {
		got += "deletions " + r.Language + "/" + r.ID + " "
		return nil
	})
	if got != "articles english/a deletions english/0 deletions english/b " || in.Read != 5 || in.Deleted != 2 || in.Reasons[DuplicateID] != 2 || in.Repeated != 1 {
		t.Errorf("%s, %v", got, in.Counts())
	}
}

// TestATolerantReadingLeavesOutWhatFailsAndNothingElse: what is left has the bytes of a crawl without the failed files.
func TestATolerantReadingLeavesOutWhatFailsAndNothingElse(t *testing.T) {
	root := t.TempDir()
	limits := roomy
	limits.RejectFraction = 0.4
	write(t, filepath.Join(root, "c", "english_val.jsonl"), row("a", "val")+row("b", "val")+row("c", "val")+"bad\n")
	write(t, filepath.Join(root, "good", "english_val.jsonl"), row("a", "val")+row("b", "val")+row("c", "val")+"bad\n")
	// Its own rejects are within the budget; with a, b and c second to those of a file before they are not.
	write(t, filepath.Join(root, "c", "english_test.jsonl"), row("a", "test")+row("b", "test")+row("c", "test")+"bad\nworse\nworst\n")
	write(t, filepath.Join(root, "c", "english_train.jsonl.gz"), string(packed(t, ".gz", 1, []byte(row("z", "train")))[:30]))
	folder, files := scanned(t, root)
	out := t.TempDir()
	in, err := Ingest(context.Background(), folder, files, limits, true, out, t.TempDir(), func(int64) {})
	if err != nil || in.Read != 4 || in.Accepted != 3 || in.Rejected != 1 || in.Counts()["failed_files"] != 2 {
		t.Fatalf("%v, %v", in.Counts(), err)
	}
	b, _ := os.ReadFile(filepath.Join(out, "files.json"))
	var states []schemas.CatalogueFile
	if err := json.Unmarshal(b, &states); err != nil || len(states) != 3 {
		t.Fatalf("%s: %v", b, err)
	}
	for i, want := range []string{"3 of 6 rows rejected, at most 0.4 of them may be (reject_fraction): line 4 not_json", "is it truncated?", ""} {
		s := states[i]
		if s.Digest != files[i].Digest || s.Split != files[i].Split || !strings.Contains(s.Reason, want) || (s.State == schemas.FileFailed) != (want != "") {
			t.Errorf("%+v, wanted %q", s, want)
		}
		if strings.Contains(s.Reason, "english") || strings.Contains(s.Reason, root) {
			t.Errorf("%q names a file: names have no place in keyed bytes", s.Reason)
		}
	}
	good, err := Open([]string{root}, "good")
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	goodFiles, _ := good.Files(nil)
	good.Digest(goodFiles, func(int64) error { return nil })
	_, want, err := ingest(t, good, goodFiles, limits)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"articles.arrow", "deletions.arrow", "rejects.arrow"} {
		a, _ := os.ReadFile(filepath.Join(out, name))
		if b, _ := os.ReadFile(filepath.Join(want, name)); !bytes.Equal(a, b) || len(a) == 0 {
			t.Errorf("%s has other bytes than without the failed files", name)
		}
	}
	if _, err := Ingest(context.Background(), folder, files, limits, false, t.TempDir(), t.TempDir(), func(int64) {}); err == nil {
		t.Error("a reading that is not tolerant took the crawl")
	}
	os.Remove(filepath.Join(root, "c", "english_val.jsonl"))
	if _, err := Ingest(context.Background(), folder, files, limits, true, t.TempDir(), t.TempDir(), func(int64) {}); err == nil || !strings.Contains(err.Error(), "start the run again") {
		t.Errorf("a file that vanished was taken for one that failed: %v", err)
	}
}

func TestADiskThatFailsIsNoFaultOfTheFile(t *testing.T) {
	whole := []byte(row("a", "x") + row("b", "x"))
	for path, content := range map[string][]byte{"english.jsonl": whole, "english.jsonl.gz": packed(t, ".gz", 1, whole), "english.jsonl.zst": packed(t, ".zst", 1, whole)} {
		for _, n := range []int{0, 5, len(content) - 3} {
			fails := io.MultiReader(bytes.NewReader(content[:n]), iotest.ErrReader(&fs.PathError{Op: "read", Path: path, Err: syscall.EIO}))
			_, err := EachRow(context.Background(), path, fails, roomy, func(int64, Article, *Reject) error { return nil })
			var input *InputError
			if !errors.Is(err, syscall.EIO) || errors.As(err, &input) {
				t.Errorf("%s after %d bytes: %v", path, n, err)
			}
		}
	}
}
