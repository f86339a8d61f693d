package crawl

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"

	"github.com/klauspost/compress/zstd"
)

var roomy = schemas.IngestParams{MaxLineBytes: 1 << 20, MaxFileBytes: 1 << 30, MaxWindowBytes: 128 << 20, RejectFraction: 1}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func row(id, text string) string {
	return fmt.Sprintf(`{"id":%q,"summary":"s","text":%q}`+"\n", id, text)
}

// scanned opens the crawl "c" under root and digests its files.
func scanned(t *testing.T, root string) (*Folder, []schemas.CrawlFile) {
	t.Helper()
	folder, err := Open([]string{root}, "c")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	files, err := folder.Files(nil)
	if err == nil {
		err = folder.Digest(files, func(int64) error { return nil })
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder, files
}

func ingest(t *testing.T, folder *Folder, files []schemas.CrawlFile, limits schemas.IngestParams) (Ingested, string, error) {
	t.Helper()
	out := t.TempDir()
	in, err := Ingest(context.Background(), folder, files, limits, false, out, t.TempDir(), func(int64) {})
	return in, out, err
}

func TestAcceptedAndRejectedAreWhatWasReadForRandomFiles(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	kinds := []string{good + "\n", `{"id":"7","deleted":true}` + "\n", "\n", "  \r\n", "nonsense\n", "{\"id\":\"\xff\"}\n", `{"id":"a"}` + "\n", `{"id":"w","deleted":true}` + "\n",
		row("long", strings.Repeat("x", 400)), `{"id":"a","id":"a"}` + "\n"}
	for trial := 0; trial < 200; trial++ {
		var text strings.Builder
		rows, blank := int64(0), int64(0)
		for n := random.IntN(40); n >= 0; n-- {
			kind := kinds[random.IntN(len(kinds))]
			if random.IntN(2) == 0 {
				kind = row(fmt.Sprint(random.IntN(30)), "x")
			}
			if strings.TrimSpace(kind) == "" {
				blank++
			} else {
				rows++
			}
			text.WriteString(kind)
		}
		body := text.String()
		if random.IntN(2) == 0 && !strings.HasSuffix(body, "\n\n") && strings.TrimSpace(body) != "" {
			trimmed := strings.TrimRight(body, "\r\n ") // the last line without its line feed
			blank -= int64(strings.Count(body[len(trimmed):], "\n")) - 1
			body = trimmed
		}
		root := t.TempDir()
		write(t, filepath.Join(root, "c", "english.jsonl"), body)
		folder, files := scanned(t, root)
		limits := roomy
		limits.MaxLineBytes = 300
		in, out, err := ingest(t, folder, files, limits)
		if err != nil {
			t.Fatal(err)
		}
		var accepted, rejected, deleted int64
		last := ""
		err = errors.Join(
			arrowfile.Each(filepath.Join(out, "articles.arrow"), func(r *schemas.ArticleRow) error {
				if r.ID <= last {
					t.Errorf("ids %q and %q: not in order", last, r.ID)
				}
				last = arrowfile.Clone(r.ID)
				accepted++
				return nil
			}),
			arrowfile.Each(filepath.Join(out, "rejects.arrow"), func(*schemas.RejectRow) error { rejected++; return nil }),
			arrowfile.Each(filepath.Join(out, "deletions.arrow"), func(*schemas.DeletionRow) error { deleted++; return nil }))
		if err != nil || in.Read+in.Repeated != rows || accepted != in.Accepted || rejected != in.Rejected || deleted != in.Deleted ||
			accepted+rejected+deleted != in.Read || in.Blank != blank {
			t.Fatalf("%q: %d rows and %d blank lines written; %+v, %d and %d in the files, %v", body, rows, blank, in.Counts(), accepted, rejected, err)
		}
	}
}

func TestTheFirstRowOfAnIDStaysAcrossFilesAndTheOrderOfRowsChangesNothing(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "c", "english_val.jsonl"), row("a", "from val")+row("c", "c"))
	write(t, filepath.Join(root, "c", "english_test.jsonl"), row("b", "b")+row("a", "from test")+row("a", "again")+row("a", "from val"))
	folder, files := scanned(t, root)
	in, out, err := ingest(t, folder, files, roomy)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	arrowfile.Each(filepath.Join(out, "articles.arrow"), func(r *schemas.ArticleRow) error {
		got = append(got, r.ID+"/"+arrowfile.Clone(r.Text)+"/"+arrowfile.Clone(r.Label))
		return nil
	})
	if strings.Join(got, " ") != "a/from test/test b/b/test c/c/val" || in.Reasons[DuplicateID] != 2 || in.Repeated != 1 {
		t.Errorf("%v, %v", got, in.Counts())
	}
	var where []string
	arrowfile.Each(filepath.Join(out, "rejects.arrow"), func(r *schemas.RejectRow) error {
		name := "val"
		if r.File == files[0].Digest {
			name = "test"
		}
		where = append(where, fmt.Sprint(name, r.Line, r.Reason))
		return nil
	})
	if strings.Join(where, " ") != "test3duplicate_id test4duplicate_id" {
		t.Errorf("%v", where)
	}
}

func TestALanguageLargerThanTheMemoryOfASortGivesTheSameRows(t *testing.T) {
	var rows []located
	for i := 0; i < 3000; i++ {
		rows = append(rows, located{Article{ID: fmt.Sprint(i * 7919 % 1500), Text: strings.Repeat("x", i%50), Images: []string{"i"}}, i % 3, int64(i)})
	}
	var want string
	for _, limit := range []int{1 << 30, 20000, 1} {
		s := &sorter{dir: t.TempDir(), limit: limit}
		for _, r := range rows {
			if limit == 1 && r.Line > 300 {
				break
			}
			if err := s.add(r); err != nil {
				t.Fatal(err)
			}
		}
		var got strings.Builder
		n := 0
		if err := s.each(func(l located) error {
			n++
			fmt.Fprint(&got, l.Article.ID, l.File, l.Line, l.Article.Text, l.Article.Images)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		switch {
		case limit == 1<<30:
			want = got.String()
		case limit == 20000 && (got.String() != want || len(s.runs) < 2):
			t.Errorf("%d sorted runs give other rows than memory does", len(s.runs))
		case limit == 1 && n != 301:
			t.Errorf("%d rows of 301", n)
		}
	}
}

func TestAFileThatChangesOrVanishesAfterTheScanIsNamed(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"changed":  func(path string) error { return os.WriteFile(path, []byte(row("a", "y")), 0o644) },
		"appended": func(path string) error { return os.WriteFile(path, []byte(row("a", "x")+row("b", "x")), 0o644) },
		"vanished": os.Remove,
	} {
		root := t.TempDir()
		path := filepath.Join(root, "c", "english.jsonl")
		write(t, path, row("a", "x"))
		folder, files := scanned(t, root)
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		_, _, err := ingest(t, folder, files, roomy)
		var input *InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), "english.jsonl") || !strings.Contains(err.Error(), "start the run again") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTooManyRejectsNameTheFirstLines(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "c", "english.jsonl"), row("a", "x")+"bad\n"+row("b", "x")+`{"id":"w","deleted":true}`+"\n")
	folder, files := scanned(t, root)
	limits := roomy
	limits.RejectFraction = 0.2
	_, _, err := ingest(t, folder, files, limits)
	var input *InputError
	if !errors.As(err, &input) || !input.Budget || !strings.Contains(err.Error(), "english.jsonl: 1 of 4") || !strings.Contains(err.Error(), "line 2 not_json") {
		t.Errorf("%v", err)
	}
	limits.RejectFraction = 0.25
	if _, _, err := ingest(t, folder, files, limits); err != nil {
		t.Errorf("a deletion counts against the budget: %v", err)
	}
}

func packed(t *testing.T, ending string, chunks int, chunk []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w interface {
		Write([]byte) (int, error)
		Close() error
	} = gzip.NewWriter(&b)
	if ending == ".zst" {
		w, _ = zstd.NewWriter(&b)
	}
	for i := 0; i < chunks; i++ {
		w.Write(chunk)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBombsEndAtTheLimit(t *testing.T) {
	for _, ending := range []string{".gz", ".zst"} {
		bomb := packed(t, ending, 32, make([]byte, 1<<20)) // 32 MiB of zeros, one line
		root := t.TempDir()
		write(t, filepath.Join(root, "c", "english.jsonl"+ending), string(bomb))
		folder, files := scanned(t, root)
		limits := schemas.IngestParams{MaxLineBytes: 1 << 16, MaxFileBytes: 1 << 22, MaxWindowBytes: 128 << 20, RejectFraction: 1}
		in, _, err := ingest(t, folder, files, limits)
		if err == nil || !strings.Contains(err.Error(), "max_file_bytes") || in.Accepted != 0 {
			t.Errorf("%s: %v, %+v", ending, err, in)
		}
		limits.MaxFileBytes = 1 << 30
		if in, _, err := ingest(t, folder, files, limits); err != nil || in.Reasons[OversizedLine] != 1 {
			t.Errorf("%s: %v, %+v", ending, err, in)
		}
	}
}

func TestPackedFilesReadAsPlainOnesAndTruncatedOnesAreNamed(t *testing.T) {
	body := []byte("\xEF\xBB\xBF" + row("b", "x") + row("a", "y"))
	for _, ending := range []string{".gz", ".zst"} {
		whole := packed(t, ending, 1, body)
		cases := [][]byte{whole, []byte("no archive")}
		for n := range whole { // down to nothing: in a snapshot an empty file would withdraw its language
			cases = append(cases, whole[:n])
		}
		for _, bytes := range cases {
			root := t.TempDir()
			write(t, filepath.Join(root, "c", "english.jsonl"+ending), string(bytes))
			folder, files := scanned(t, root)
			in, _, err := ingest(t, folder, files, roomy)
			var input *InputError
			switch {
			case len(bytes) == len(whole) && (err != nil || in.Accepted != 2):
				t.Errorf("%s: %v, %+v", ending, err, in)
			case len(bytes) != len(whole) && (!errors.As(err, &input) || !strings.Contains(err.Error(), "english.jsonl"+ending)):
				t.Errorf("%s cut: %v", ending, err)
			}
		}
	}
}
