package withdraw

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/crawl"
	"crosssum/internal/testkit"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

func TestAListIsOfTabbedLinesAndOfJSON(t *testing.T) {
	list, err := readList(strings.NewReader("\ufeff# by order of a court\r\nhindi\tb c\r\n\n{\"language\": \"english\", \"id\": \"a\\tb\"}\nhindi\tb c\nenglish\tZ"))
	want := []Article{{"english", "Z"}, {"english", "a\tb"}, {"hindi", "b c"}}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%v, %v", list, err)
	}
}

func TestALineThatNamesNoArticleIsAnErrorThatNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "names no article",
		"english\ta\nhindi b":                "line 2:",
		"english\t":                          "line 1: the id is empty",
		"englich\ta":                         "line 1:",
		"english\ta\tb":                      "line 1:",
		`{"language": "english"}`:            "line 1: the id is empty",
		`{"language": "english", "id": 7}`:   "line 1:",
		`{"lang": "english", "id": "7"}`:     "line 1:",
		`{"language":"english","id":"7"} {}`: "line 1: something follows",
		"english\t\xff":                      "line 1: is not UTF-8",
		"english\t" + strings.Repeat("x", maxLine): "too long",
	} {
		if list, err := readList(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: wanted %s, got %v, %v", text, want, list, err)
		}
	}
}

func TestTheCrawlIsADeltaOfDeletionsThatIngestTakes(t *testing.T) {
	root := t.TempDir()
	articles := []Article{{"english", "a\"b"}, {"english", "c"}, {"hindi", "a"}}
	name, err := WriteCrawl(root, articles, 3)
	must(t, err)
	if again, err := WriteCrawl(root, articles, 3); err != nil || again != name {
		t.Errorf("the same again: %s, %v", again, err)
	}
	if later, err := WriteCrawl(root, articles, 5); err != nil || later == name {
		t.Errorf("a second withdrawal of the same articles, after entry 5, is the crawl %s of the first: %v", later, err)
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 2 {
		t.Errorf("the root holds %v, %v", entries, err)
	}
	folder, err := crawl.Open([]string{root}, name)
	must(t, err)
	defer folder.Close()
	if mode, marked, err := folder.Mode(); mode != "delta" || !marked || err != nil {
		t.Errorf("mode %s, marked %v, %v", mode, marked, err)
	}
	files, err := folder.Files(nil)
	must(t, err)
	must(t, folder.Digest(files, func(int64) error { return nil }))
	if len(files) != 2 || files[0].Language != "english" {
		t.Fatalf("files %+v", files)
	}
	limits := schemas.IngestParams{MaxLineBytes: 4 << 20, MaxFileBytes: 1 << 30, RejectFraction: 0}
	scratch, remove, err := crawl.Scratch(t.TempDir())
	must(t, err)
	defer remove()
	ingested, err := crawl.Ingest(t.Context(), folder, files[:1], limits, false, t.TempDir(), scratch, func(int64) {})
	must(t, err)
	if counts := ingested.Counts(); counts["deleted"] != 2 || counts["rejected"] != 0 || counts["accepted"] != 0 {
		t.Errorf("counts %v", counts)
	}
}

// world is a store with a catalogue of two entries, e0 withdrawn by the second; a run with a data set and a model, which has e0 in
// train and e1 in test; and a data set and a model of a run whose folder is gone.
type world struct {
	t     *testing.T
	store *store.Store
	runs  string
}

func newWorld(t *testing.T) *world {
	s, err := store.Open(t.TempDir())
	must(t, err)
	w := &world{t, s, t.TempDir()}
	previous := ""
	for i, ids := range [][]string{{"e0", "e1"}, {"e1"}} {
		var rows []schemas.ArticleRow
		for _, id := range ids {
			rows = append(rows, schemas.ArticleRow{Language: "english", ID: id, Summary: "s " + id, Text: "t " + id, Digest: "d " + id})
		}
		articles := publish(w, "merge", fmt.Sprint(i), "english", "articles.arrow", rows...)
		entry, err := s.PutJSON(schemas.Catalogue{Name: "news", Number: i + 1, Previous: previous, Articles: testkit.Seal(t, s, "merge", articles)})
		must(t, err)
		previous = entry.Digest
		_, err = s.AddRef("catalogue/news", i+1, entry.Digest)
		must(t, err)
	}
	samples := []schemas.SampleRow{
		{SourceLanguage: "english", SourceID: "e0", TargetLanguage: "hindi", TargetID: "h0", Split: "train"},
		{SourceLanguage: "english", SourceID: "e1", TargetLanguage: "english", TargetID: "e1", Split: "test"},
		{SourceLanguage: "hindi", SourceID: "h0", TargetLanguage: "english", TargetID: "e0", Split: "train"},
	}
	split := publish(w, "split_dedup", "1", "all", "samples.arrow", samples...)
	publish(w, "split_dedup", "2", "all", "samples.arrow", samples[:2]...)
	model := publish[schemas.TrainedOnRow](w, "train", "1", "all", "config.json")
	publish(w, "train", "2", "all", schemas.TrainedOnFile, schemas.TrainedOnRow{Language: "english", ID: "e0", Content: "d e0"})
	must(t, os.MkdirAll(filepath.Join(w.runs, "run-1"), 0o755))
	manifest := fmt.Sprintf(`{"stages": {"split_dedup": {"units": [{"key": %q, "files": {"samples.arrow": {"digest": %q}}}]}, "train": {"units": [{"key": %q}]}}}`,
		split.Key, split.Files["samples.arrow"].Digest, model.Key)
	must(t, os.WriteFile(filepath.Join(w.runs, "run-1", "manifest.json"), []byte(manifest), 0o644))
	return w
}

func publish[T any](w *world, stage, key, unit, file string, rows ...T) schemas.Unit {
	w.t.Helper()
	return testkit.Unit(w.t, w.store, stage, key, unit, nil, func(dir string) {
		must(w.t, arrowfile.WriteRows(filepath.Join(dir, file), len(rows), func(i int) T { return rows[i] }))
	})
}

func TestEverythingThatHoldsAnArticleIsFound(t *testing.T) {
	w := newWorld(t)
	brief := func(articles ...Article) (out []string) {
		holders, err := NewSearch(w.store, w.runs, nil, articles).Holders()
		must(t, err)
		for _, h := range holders {
			name, _, _ := strings.Cut(h.Name, " ")
			out = append(out, fmt.Sprintf("%s %s %d-%d %v: %d, %d in train", h.Kind, name, h.First, h.Last, h.Newest, h.Articles, h.Train))
		}
		return out
	}
	want := []string{"catalogue news 1-1 false: 1, 0 in train", "data set run-1 0-0 false: 1, 1 in train", "model run-1 0-0 false: 1, 0 in train",
		"data set split_dedup 0-0 false: 1, 1 in train", "model train 0-0 false: 1, 0 in train"}
	if got := brief(Article{"english", "e0"}, Article{"english", "unknown"}); !reflect.DeepEqual(got, want) {
		t.Errorf("e0, trained on:\n%s", strings.Join(got, "\n"))
	}
	want = []string{"catalogue news 1-2 true: 1, 0 in train", "data set run-1 0-0 false: 1, 0 in train", "data set split_dedup 0-0 false: 1, 0 in train"}
	if got := brief(Article{"english", "e1"}); !reflect.DeepEqual(got, want) {
		t.Errorf("e1, tested on:\n%s", strings.Join(got, "\n"))
	}
	if got := brief(Article{"thai", "e1"}); got != nil {
		t.Errorf("an article that nobody has: %v", got)
	}
}

// TestAModelWhoseRecordHasNoNamesIsFoundByWhatTheCatalogueSays: one that was trained on the files of a data set.
func TestAModelWhoseRecordHasNoNamesIsFoundByWhatTheCatalogueSays(t *testing.T) {
	w, models := newWorld(t), t.TempDir()
	for name, rows := range map[string][]trained.Row{
		"by-text":    {{Language: "english", Content: trained.Text("t e1")}},
		"by-summary": {{Language: "english", Content: trained.Text("s e1")}},
		"by-batches": {{Content: trained.Text("t e1")}},
		"by-content": {{Language: "english", ID: "another name", Content: "d e1"}},
		"by-nothing": {{Language: "thai", Content: trained.Text("t e1")}, {Language: "english", Content: trained.Text("t e0")}},
	} {
		must(t, errors.Join(os.Mkdir(filepath.Join(models, name), 0o755), trained.Write(filepath.Join(models, name, schemas.TrainedOnFile), rows)))
	}
	holders, err := NewSearch(w.store, w.runs, []string{models}, []Article{{"english", "e1"}}).Holders()
	must(t, err)
	var found []string
	for _, h := range holders {
		if h.Kind == "model" && h.Unread == nil {
			found = append(found, fmt.Sprint(h.Name, " ", h.Articles))
		}
	}
	if got := strings.Join(found, ", "); got != "by-batches 1, by-content 1, by-summary 1, by-text 1" {
		t.Errorf("found %s", got)
	}
}

func TestARunThatCannotBeLookedIntoIsListedAndNotPassedOver(t *testing.T) {
	w := newWorld(t)
	search := NewSearch(w.store, w.runs, nil, []Article{{"english", "e0"}})
	must(t, os.RemoveAll(filepath.Join(w.store.Root(), "objects")))
	holders, err := search.runs(map[string]bool{})
	if err != nil || len(holders) != 1 || holders[0].Unread == nil || holders[0].Name != "run-1" {
		t.Errorf("%+v, %v", holders, err)
	}
}

// TestAModelHoldsWhatTheModelThatItBeganWithWasTrainedOn: its own data set never had the article.
func TestAModelHoldsWhatTheModelThatItBeganWithWasTrainedOn(t *testing.T) {
	w := newWorld(t)
	split := publish(w, "split_dedup", "3", "all", "samples.arrow",
		schemas.SampleRow{SourceLanguage: "english", SourceID: "e1", TargetLanguage: "english", TargetID: "e1", Split: "train"})
	model := publish(w, "train", "3", "all", schemas.TrainedOnFile, schemas.TrainedOnRow{Language: "english", ID: "e1", Content: "d"},
		schemas.TrainedOnRow{Language: "english", ID: "old", Content: "d"})
	b, err := json.Marshal(map[string]any{"stages": map[string]schemas.Index{"split_dedup": {Units: []schemas.Unit{split}}, "train": {Units: []schemas.Unit{model}}}})
	must(t, err)
	folder := filepath.Join(w.runs, "run-2")
	must(t, errors.Join(os.MkdirAll(filepath.Join(folder, "model"), 0o755), os.WriteFile(filepath.Join(folder, "manifest.json"), b, 0o644)))
	look := func() string {
		holders, err := NewSearch(w.store, w.runs, nil, []Article{{"english", "old"}}).Holders()
		must(t, err)
		var said []string
		for _, h := range holders {
			said = append(said, fmt.Sprint(h.Kind, " ", h.Name, " ", h.Articles, " ", h.Unread != nil))
		}
		return strings.Join(said, ", ")
	}
	if got := look(); got != "model run-2 1 false" {
		t.Errorf("found %s", got)
	}
	path, err := w.store.File(model, schemas.TrainedOnFile)
	must(t, err)
	must(t, os.Rename(path, filepath.Join(folder, "model", schemas.TrainedOnFile)))
	if got := look(); got != "model run-2 1 false" {
		t.Errorf("the store has it no more, the folder has: found %s", got)
	}
	must(t, os.WriteFile(filepath.Join(folder, "model", schemas.TrainedOnFile), []byte("no Arrow file, though long enough"), 0o644))
	if got := look(); got != "model run-2 0 true" {
		t.Errorf("its record cannot be read: found %s", got)
	}
}

func TestWhatCannotBeReadHidesNothingElse(t *testing.T) {
	w := newWorld(t)
	must(t, errors.Join(os.MkdirAll(filepath.Join(w.runs, "a-broken"), 0o755), os.WriteFile(filepath.Join(w.runs, "a-broken", "manifest.json"), []byte("{"), 0o644)))
	_, err := w.store.AddRef("catalogue/a-broken", 1, strings.Repeat("0", 64))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(w.store.Root(), "stages/train", strings.Repeat("0", 64)+".json"), []byte("{"), 0o644))
	models := t.TempDir()
	must(t, errors.Join(os.Mkdir(filepath.Join(models, "m"), 0o755), os.WriteFile(filepath.Join(models, "m", schemas.TrainedOnFile), nil, 0o644)))
	holders, err := NewSearch(w.store, w.runs, []string{models}, []Article{{"english", "e0"}}).Holders()
	must(t, err)
	read, unread := 0, []string{}
	for _, h := range holders {
		if h.Unread == nil {
			read++
		} else {
			unread = append(unread, h.Kind+" "+h.Name)
		}
	}
	if want := "catalogue a-broken; run a-broken; model m; run train 000000000000 in the store"; read != 5 || strings.Join(unread, "; ") != want {
		t.Errorf("%d found, not read: %s", read, strings.Join(unread, "; "))
	}
}

var must = testkit.Must
