package crawl

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

func TestEqualRowsAreOneRowAndNoFault(t *testing.T) {
	a, deletion := row("a", "x"), `{"id":"w","deleted":true}`+"\n"
	respelt := `{"text": "\u0078", "summary": "s", "id": "a", "crawled": 7}` + "\n"
	for name, c := range map[string]struct {
		train, val string
		want       string // accepted, rejected, deleted, repeated
	}{
		"twice in a file":                           {a + a, "", "1 0 0 1"},
		"in two files":                              {a, a, "1 0 0 1"},
		"a crawl file written twice over":           {strings.Repeat(a+row("b", "y"), 50), "", "2 0 0 98"},
		"the last one without a line feed":          {a, strings.TrimSpace(a), "1 0 0 1"},
		"spelt otherwise, with more that is unread": {a, respelt, "1 0 0 1"},
		"a deletion":                                {deletion + deletion, deletion, "0 0 1 2"},
		"between them one that differs":             {a + row("a", "z") + a, "", "1 1 0 1"},
		"two that differ from the first alike":      {a + row("a", "z"), row("a", "z"), "1 1 0 1"},
		"a title more":                              {a + `{"id":"a","summary":"s","text":"x","title":"t"}` + "\n", "", "1 1 0 0"},
		"an image more":                             {a + `{"id":"a","summary":"s","text":"x","images":["i"]}` + "\n", "", "1 1 0 0"},
		"a line that is no row, twice":              {"bad\n" + a + "bad\n", "", "1 1 0 1"},
		"a row without its text in two files":       {a + `{"id":"q","summary":"s"}` + "\n", `{"id":"q","summary":"s"}`, "1 1 0 1"},
		"bytes that are no UTF-8":                   {a + strings.Repeat("\xff\n", 4), "\xff\n", "1 1 0 4"},
		"two faults, one of them again":             {"{\n[\n{\n" + a, "[", "1 2 0 2"},
		"lines too long to be kept":                 {a + strings.Repeat(strings.Repeat("x", 5000)+"\n", 2), "", "1 2 0 0"},
		"faults that differ by a blank":             {a + "bad\nbad \n", "", "1 2 0 0"},
		"an article and its deletion":               {row("w", "x"), deletion, "1 1 0 0"},
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, "c", "english_train.jsonl"), c.train)
		if c.val != "" {
			write(t, filepath.Join(root, "c", "english_val.jsonl"), c.val)
		}
		folder, files := scanned(t, root)
		limits := roomy
		limits.MaxLineBytes = 1000
		if strings.Fields(c.want)[1] == "0" {
			limits.RejectFraction = 0
		}
		in, _, err := ingest(t, folder, files, limits)
		if got := fmt.Sprint(in.Accepted, in.Rejected, in.Deleted, in.Repeated); err != nil || got != c.want || in.Read != in.Accepted+in.Rejected+in.Deleted {
			t.Errorf("%s: %s of %d read, wanted %s; %v", name, got, in.Read, c.want, err)
		}
	}
}

// TestRepeatedRowsDoNotHideRejects: they are in neither side of the budget's fraction.
func TestRepeatedRowsDoNotHideRejects(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "c", "english.jsonl"), strings.Repeat(row("a", "x"), 97)+"bad\n")
	folder, files := scanned(t, root)
	limits := roomy
	limits.RejectFraction = 0.4
	if _, _, err := ingest(t, folder, files, limits); err == nil || !strings.Contains(err.Error(), "1 of 2 rows rejected") {
		t.Errorf("%v", err)
	}
}

func TestADuplicateNamesTheFileOfTheFirst(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "c", "english_test.jsonl"), "\n"+row("a", "x"))
	write(t, filepath.Join(root, "c", "english_train.jsonl.gz"), string(packed(t, ".gz", 1, []byte(row("a", "y")+row("b", "x")))))
	write(t, filepath.Join(root, "c", "english_val.jsonl.zst"), string(packed(t, ".zst", 1, []byte(row("b", "y")+row("b", "z")))))
	write(t, filepath.Join(root, "c", "hindi.jsonl"), row("a", "x")+`{"id":"a","deleted":true}`+"\n")
	checked, err := Check(context.Background(), filepath.Join(root, "c"), nil, roomy, func(string, int64) {})
	if err != nil || len(checked.Rejects) != 1 {
		t.Fatalf("%+v, %v", checked, err)
	}
	folder, files := scanned(t, root)
	var got []string
	for _, language := range [][]schemas.CrawlFile{files[:3], files[3:]} {
		_, out, err := ingest(t, folder, language, roomy)
		if err != nil {
			t.Fatal(err)
		}
		arrowfile.Each(filepath.Join(out, "rejects.arrow"), func(r *schemas.RejectRow) error {
			got = append(got, strings.Clone(r.Detail))
			return nil
		})
		if _, err := os.Stat(filepath.Join(out, "articles.arrow")); err != nil {
			t.Fatal(err)
		}
	}
	want := "id a stands in line 2 of english_test.jsonl too, with other content|id b stands in line 2 of english_train.jsonl.gz too, with other content|" +
		"id b stands in line 2 of english_train.jsonl.gz too, with other content|id a stands in line 1 of hindi.jsonl too, with other content"
	if strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
	if e := checked.Rejects[0].Examples[0]; e.File != "english_train.jsonl.gz" || !strings.Contains(e.Detail, "line 2 of english_test.jsonl") {
		t.Errorf("%+v", e)
	}
}
