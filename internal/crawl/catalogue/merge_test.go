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
	"crosssum/schemas"
)

// article is what a test says of one: its id, and everything else in one word.
type article struct{ id, rest string }

func values(a article) []any {
	return []any{"english", a.id, "u", a.rest, "s" + a.rest, "x", []string{a.rest}, "", "d" + a.rest}
}

func writeArticles(t *testing.T, dir, name string, articles []article) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, arrowfile.WriteRows(path, schemas.Article, len(articles), func(i int) []any { return values(articles[i]) }))
	return path
}

func writeDeletions(t *testing.T, dir string, ids []string) string {
	t.Helper()
	path := filepath.Join(dir, "deletions")
	must(t, arrowfile.WriteRows(path, schemas.Deletion, len(ids), func(i int) []any { return []any{"english", ids[i]} }))
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

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
			must(t, arrowfile.Each(filepath.Join(dir, "changes.arrow"), schemas.Change, func(r arrowfile.Row) error {
				if id := r.Str(1); r.Str(0) != "english" || id <= last || changes[id] != r.Str(2) {
					t.Fatalf("seed %d, crawl %d: change %s of %s after %s, wanted %s", seed, n, r.Str(2), id, last, changes[id])
				}
				last = arrowfile.Clone(r.Str(1))
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
	before := values(article{"a", "1"})
	for f := 2; f < len(before); f++ {
		dir := t.TempDir()
		after, want := slices.Clone(before), Counts{Articles: 1, Unchanged: 1}
		switch after[f] = "other"; f {
		case 6:
			after[f] = []string{"1", "2"}
		case 8: // the digest of title, summary and text
			want = Counts{Articles: 1, Edited: 1}
		}
		in := Input{Language: "english", Previous: filepath.Join(dir, "previous"), Articles: filepath.Join(dir, "crawl")}
		must(t, arrowfile.WriteRows(in.Previous, schemas.Article, 1, func(int) []any { return before }))
		must(t, arrowfile.WriteRows(in.Articles, schemas.Article, 1, func(int) []any { return after }))
		got, err := Merge(context.Background(), in, dir, func(int64) {})
		if err != nil || got != want {
			t.Errorf("another %s: %+v, %v", schemas.Article.Field(f).Name, got, err)
		}
		a, errA := os.ReadFile(in.Articles)
		b, errB := os.ReadFile(filepath.Join(dir, "articles.arrow"))
		if must(t, errors.Join(errA, errB)); !bytes.Equal(a, b) {
			t.Errorf("another %s: the new row is not kept", schemas.Article.Field(f).Name)
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
	must(t, arrowfile.Each(filepath.Join(out, "changes.arrow"), schemas.Change, func(arrowfile.Row) error { return errors.New("a change") }))
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
