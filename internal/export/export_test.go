package export

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/link"
	"crosssum/schemas"
)

func world(t *testing.T) Input {
	t.Helper()
	dir := t.TempDir()
	in := Input{Source: "english", Samples: filepath.Join(dir, "samples"), Articles: map[string]string{}}
	for _, l := range []string{"english", "hindi"} {
		in.Articles[l] = filepath.Join(dir, l)
		must(t, link.WriteRows(in.Articles[l], schemas.Article, 2, func(i int) []any {
			id := l[:1] + string(rune('0'+i))
			return []any{l, id, "http://" + id, "t", "summary \"" + id + "\" <b>\u2028ह", "text\n" + id + "\x01", []string{}, "", "d"}
		}))
	}
	samples := [][]any{
		{"english", "e0", "english", "e0", "train"}, {"english", "e0", "hindi", "h1", "train"},
		{"english", "e1", "hindi", "h0", "test"}, {"hindi", "h0", "english", "e1", "test"},
	}
	must(t, link.WriteRows(in.Samples, schemas.Sample, len(samples), func(i int) []any { return samples[i] }))
	return in
}

func TestTextIsOfTheSourceAndSummaryOfTheTarget(t *testing.T) {
	dir := t.TempDir()
	counts, err := Run(world(t), dir, func(int64, int64) {})
	must(t, err)
	if counts["samples"] != 3 || counts["files"] != 3 {
		t.Errorf("counts %v", counts)
	}
	b, err := os.ReadFile(filepath.Join(dir, "english-hindi_train.jsonl"))
	must(t, err)
	want := `{"source_url": "http://e0", "target_url": "http://h1", "summary": "summary \"h1\" <b>` + "\u2028" + `ह", "text": "text\ne0\u0001"}` + "\n"
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	var row map[string]string
	if err := json.Unmarshal(b, &row); err != nil || row["text"] != "text\ne0\x01" {
		t.Errorf("%v, %v", row, err)
	}
	for _, name := range []string{"english-english_train.jsonl", "english-hindi_test.jsonl"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestSamplesOfArticlesThatAreNotThereAreAnError(t *testing.T) {
	for _, sample := range [][]any{
		{"english", "e7", "hindi", "h0", "train"}, {"english", "e0", "hindi", "h7", "train"},
		{"english", "e0", "thai", "t0", "train"}, {"english", "e0", "hindi", "h0", "../x"},
	} {
		in := world(t)
		in.Samples += "2"
		must(t, link.WriteRows(in.Samples, schemas.Sample, 1, func(int) []any { return sample }))
		if _, err := Run(in, t.TempDir(), func(int64, int64) {}); err == nil || !strings.HasPrefix(err.Error(), "export: ") {
			t.Errorf("%v: %v", sample, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
