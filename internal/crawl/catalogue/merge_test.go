package catalogue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/testkit"
	"crosssum/schemas"
)

// article is what a test says of one: its id, and everything else in one word.
type article struct{ id, rest string }

func row(a article) schemas.ArticleRow {
	return schemas.ArticleRow{Language: "english", ID: a.id, URL: "u", Title: a.rest, Summary: "s" + a.rest, Text: "x", Images: []string{a.rest}, Digest: "d" + a.rest}
}

func writeArticles(t *testing.T, dir, name string, articles []article) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, arrowfile.WriteRows(path, len(articles), func(i int) schemas.ArticleRow { return row(articles[i]) }))
	return path
}

func writeDeletions(t *testing.T, dir string, ids []string) string {
	t.Helper()
	path := filepath.Join(dir, "deletions")
	must(t, arrowfile.WriteRows(path, len(ids), func(i int) schemas.DeletionRow { return schemas.DeletionRow{Language: "english", ID: ids[i]} }))
	return path
}

var must = testkit.Must

func sorted(m map[string]string) []article {
	var out []article
	for _, id := range slices.Sorted(maps.Keys(m)) {
		out = append(out, article{id, m[id]})
	}
	return out
}

// TestMergesOfRandomCrawlsAreAReplayOnAMap: the articles have the bytes of a file that was written from the map at once, and
// every change is counted and listed.
func TestMergesOfRandomCrawlsAreAReplayOnAMap(t *testing.T) {
	seen := Counts{}
	for seed := range int64(16) {
		random := rand.New(rand.NewSource(seed))
		world, previous := map[string]string{}, ""
		for n := range 8 {
			dir := t.TempDir()
			in := Input{Language: "english", Previous: previous, Snapshot: random.Intn(4) == 0}
			crawl, gone := map[string]string{}, map[string]string{}
			for range random.Intn(30) {
				id := fmt.Sprint(random.Intn(40))
				switch _, deleted := gone[id]; {
				case random.Intn(5) == 0 && crawl[id] == "":
					gone[id] = "x"
				case !deleted:
					crawl[id] = fmt.Sprint(random.Intn(3), strings.Repeat("long ", random.Intn(3)))
				}
			}
			in.Articles, in.Deletions = writeArticles(t, dir, "crawl", sorted(crawl)), writeDeletions(t, dir, slices.Sorted(maps.Keys(gone)))
			var want Counts
			changes := map[string]string{}
			for id, rest := range crawl {
				switch was, there := world[id]; {
				case !there:
					want.New++
					changes[id] = New
				case was != rest:
					want.Edited++
					changes[id] = Edited
				default:
					want.Unchanged++
				}
				world[id] = rest
			}
			for id := range world {
				if _, there := crawl[id]; gone[id] != "" || in.Snapshot && !there {
					delete(world, id)
					want.Withdrawn++
					changes[id] = Withdrawn
				}
			}
			for id := range gone {
				if changes[id] != Withdrawn {
					want.WithdrewNothing++
				}
			}
			want.Articles = int64(len(world))
			got, err := Merge(context.Background(), in, dir, func(int64) {})
			if err != nil || got != want {
				t.Fatalf("seed %d, crawl %d: %+v, wanted %+v; %v", seed, n, got, want, err)
			}
			previous = filepath.Join(dir, "articles.arrow")
			a, _ := os.ReadFile(previous)
			if b, _ := os.ReadFile(writeArticles(t, dir, "want", sorted(world))); !bytes.Equal(a, b) {
				t.Fatalf("seed %d, crawl %d: the merged articles are not those of the map", seed, n)
			}
			last := ""
			must(t, arrowfile.Each(filepath.Join(dir, "changes.arrow"), func(r *schemas.ChangeRow) error {
				if id := r.ID; r.Language != "english" || id <= last || changes[id] != r.Change {
					t.Fatalf("seed %d, crawl %d: change %s of %s after %s, wanted %s", seed, n, r.Change, id, last, changes[id])
				}
				last = arrowfile.Clone(r.ID)
				delete(changes, last)
				return nil
			}))
			if len(changes) > 0 {
				t.Fatalf("seed %d, crawl %d: %v stand in no file", seed, n, changes)
			}
			seen.New += got.New
			seen.Edited += got.Edited
			seen.Unchanged += got.Unchanged
			seen.Withdrawn += got.Withdrawn
			seen.WithdrewNothing += got.WithdrewNothing
		}
	}
	if seen.New*seen.Edited*seen.Unchanged*seen.Withdrawn*seen.WithdrewNothing == 0 {
		t.Errorf("the crawls show too little: %+v", seen)
	}
}

func TestAnArticleIsEditedByItsTextsAndItsNewRowIsKeptInAnyCase(t *testing.T) {
	before := row(article{"a", "1"})
	for what, change := range map[string]func(*schemas.ArticleRow){
		"url":     func(a *schemas.ArticleRow) { a.URL = "other" },
		"title":   func(a *schemas.ArticleRow) { a.Title = "other" },
		"summary": func(a *schemas.ArticleRow) { a.Summary = "other" },
		"text":    func(a *schemas.ArticleRow) { a.Text = "other" },
		"images":  func(a *schemas.ArticleRow) { a.Images = []string{"1", "2"} },
		"label":   func(a *schemas.ArticleRow) { a.Label = "other" },
		"digest":  func(a *schemas.ArticleRow) { a.Digest = "other" }, // of title, summary and text
	} {
		dir := t.TempDir()
		after, want := before, Counts{Articles: 1, Unchanged: 1}
		if change(&after); what == "digest" {
			want = Counts{Articles: 1, Edited: 1}
		}
		in := Input{Language: "english", Previous: filepath.Join(dir, "previous"), Articles: filepath.Join(dir, "crawl")}
		must(t, arrowfile.WriteRows(in.Previous, 1, func(int) schemas.ArticleRow { return before }))
		must(t, arrowfile.WriteRows(in.Articles, 1, func(int) schemas.ArticleRow { return after }))
		got, err := Merge(context.Background(), in, dir, func(int64) {})
		if err != nil || got != want {
			t.Errorf("another %s: %+v, %v", what, got, err)
		}
		a, errA := os.ReadFile(in.Articles)
		b, errB := os.ReadFile(filepath.Join(dir, "articles.arrow"))
		if must(t, errors.Join(errA, errB)); !bytes.Equal(a, b) {
			t.Errorf("another %s: the new row is not kept", what)
		}
	}
}

func TestALanguageWithoutFilesCarriesOnTheSameFile(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	previous := writeArticles(t, dir, "previous", []article{{"a", "1"}})
	must(t, Carry(previous, out))
	a, errA := os.Stat(previous)
	b, errB := os.Stat(filepath.Join(out, "articles.arrow"))
	must(t, errors.Join(errA, errB))
	if !os.SameFile(a, b) {
		t.Error("the articles were copied")
	}
	must(t, arrowfile.Each(filepath.Join(out, "changes.arrow"), func(*schemas.ChangeRow) error { return errors.New("a change") }))
}

func TestListsThatAreNotSortedOrNotOfTheLanguageAreNamed(t *testing.T) {
	good := []article{{"a", "1"}, {"b", "1"}}
	for name, make := range map[string]func(dir string) Input{
		"unsorted": func(dir string) Input {
			return Input{Articles: writeArticles(t, dir, "bad", []article{{"b", ""}, {"a", ""}})}
		},
		"twice": func(dir string) Input {
			return Input{Previous: writeArticles(t, dir, "bad", []article{{"a", ""}, {"a", ""}})}
		},
		"deletions": func(dir string) Input {
			return Input{Articles: writeArticles(t, dir, "c", good), Deletions: writeDeletions(t, dir, []string{"a"})}
		},
		"foreign": func(dir string) Input { return Input{Articles: writeDeletions(t, dir, []string{"a"})} },
		"cut": func(dir string) Input {
			path := writeArticles(t, dir, "bad", good)
			b, _ := os.ReadFile(path)
			os.WriteFile(path, b[:len(b)/2], 0o644)
			return Input{Previous: path}
		},
		"absent": func(dir string) Input { return Input{Previous: filepath.Join(dir, "none")} },
	} {
		dir := t.TempDir()
		in := make(dir)
		in.Language = "english"
		if _, err := Merge(context.Background(), in, dir, func(int64) {}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	dir := t.TempDir()
	in := Input{Language: "hindi", Articles: writeArticles(t, dir, "other", good)}
	if _, err := Merge(context.Background(), in, dir, func(int64) {}); err == nil || !strings.Contains(err.Error(), "english") {
		t.Errorf("articles of another language: %v", err)
	}
}

func TestAMergeEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	in := Input{Language: "english", Articles: writeArticles(t, dir, "crawl", []article{{"a", "1"}, {"b", "1"}})}
	if _, err := Merge(ctx, in, dir, func(int64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
