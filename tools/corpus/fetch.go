package main

import (
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"crosssum/internal/crawl"
	"crosssum/internal/mining/gold"
	"crosssum/schemas"

	"github.com/pierrec/lz4/v4"
)

// FetchOptions choose a suite of Debian and where its crawl goes.
type FetchOptions struct {
	Suite  string // "bookworm"
	Output string // crawl folder to make; its gold goes to <parent>/gold/<name>.tsv.gz
	Mirror string // an archive's address; "" takes the one this machine's apt uses
	Work   string // apt's lists, kept for the next time
}

// FetchResult counts a fetch.
type FetchResult struct {
	Folder   string
	Gold     string
	Articles int
	Keys     int
	ByLang   map[string]int
	Short    int            // without a summary, or with a text under MinimumText characters (a help page: without any)
	Copies   map[string]int // help pages that are the English one word for word, by language
	Repeated int            // a second text for one key and language
	Unknown  map[string]int // texts by language code that the table does not have
}

// MinimumText is the number of characters under which a text is no article.
const MinimumText = 40

// maximumIndex bounds what one index file of an archive may unpack to.
const maximumIndex = 2 << 30

// Fetch makes a crawl folder of a Debian suite: its translated package descriptions and its AppStream metadata, through
// apt-get, for any user. progress gets a line for people now and then. Same archive state, same bytes.
func Fetch(ctx context.Context, o FetchOptions, progress func(string)) (FetchResult, error) {
	output, from, err := ends(o.Output, o.Mirror)
	if err != nil {
		return FetchResult{}, err
	}
	entries, result, err := fetchEntries(ctx, o, from, progress)
	if err != nil {
		return result, err
	}
	progress(fmt.Sprintf("writing %d articles in %d languages", len(entries), len(result.ByLang)))
	result.Folder, result.Gold = output, goldPath(output)
	return result, WriteCrawl(output, o.Suite, "", entries)
}

// ends are where a crawl goes, which may not exist, and the archive that it comes from.
func ends(output, mirror string) (string, source, error) {
	if _, err := os.Stat(output); err == nil {
		return "", source{}, fmt.Errorf("%s exists already: name another folder with --output, or remove it", output)
	}
	output, err := filepath.Abs(output)
	if err != nil || mirror != "" {
		return output, source{uri: mirror}, err
	}
	from, err := findSource("/etc")
	return output, from, err
}

func fetchEntries(ctx context.Context, o FetchOptions, from source, progress func(string)) ([]gold.Entry, FetchResult, error) {
	result := FetchResult{ByLang: map[string]int{}, Unknown: map[string]int{}}
	work, err := filepath.Abs(o.Work)
	if err != nil {
		return nil, result, err
	}
	a, err := newApt(work, from, o.Suite, progress)
	if err != nil {
		return nil, result, err
	}
	if err := a.update(ctx, []string{"none"}); err != nil {
		return nil, result, err
	}
	codes, err := a.languages()
	if err != nil {
		return nil, result, err
	}
	progress(fmt.Sprintf("%s has package descriptions in %d languages", o.Suite, len(codes)))
	if err := a.update(ctx, codes); err != nil {
		return nil, result, err
	}
	c := collector{result: &result, minimum: MinimumText, seen: map[[2]string]int{}}
	for _, code := range byPreference(codes) {
		if err := ctx.Err(); err != nil {
			return nil, result, err
		}
		l, err := schemas.LanguageByCode(code)
		if err != nil {
			result.Unknown[code]++
			continue
		}
		progress("reading Translation-" + code)
		index := "*_main_i18n_Translation-" + strings.ReplaceAll(code, "_", "%5f") // as apt writes file names
		if _, err := a.file(index); err != nil && code != "en" {
			continue // apt leaves no file of an empty index (a failed one ends the update)
		}
		if err := a.read(index, func(r io.Reader) error { return readTranslation(r, l.Name, c.add) }); err != nil {
			return nil, result, err
		}
	}
	progress("reading AppStream metadata")
	if err := a.read("*_main_dep11_Components-*.yml", func(r io.Reader) error { return readComponents(r, c.add, result.Unknown) }); err != nil {
		return nil, result, err
	}
	c.finish()
	return c.entries, result, nil
}

// byPreference puts a language's own code before its regional ones: de before de_DE.
func byPreference(codes []string) []string {
	codes = slices.Clone(codes)
	slices.SortStableFunc(codes, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	return codes
}

// collector keeps the first text of every (language, key) and counts what it drops.
type collector struct {
	entries []gold.Entry
	seen    map[[2]string]int // index into entries
	result  *FetchResult
	minimum int // characters of a text
}

func (c *collector) add(e gold.Entry) {
	if e.Summary == "" || e.Text == "" || utf8.RuneCountInString(e.Text) < c.minimum {
		c.result.Short++
		return
	}
	k := [2]string{e.Language, e.Key}
	if i, ok := c.seen[k]; ok { // several packages share a description
		c.result.Repeated++
		c.entries[i].Packages = append(c.entries[i].Packages, e.Packages...)
		return
	}
	c.seen[k] = len(c.entries)
	c.entries = append(c.entries, e)
	c.result.ByLang[e.Language]++
}

func (c *collector) finish() {
	keys := map[string]bool{}
	for i := range c.entries {
		p := c.entries[i].Packages
		slices.Sort(p)
		c.entries[i].Packages = slices.Compact(p)
		keys[c.entries[i].Key] = true
	}
	c.result.Articles, c.result.Keys = len(c.entries), len(keys)
}

// read opens an index file of the lists folder, unpacked and bounded.
func (a *apt) read(pattern string, f func(io.Reader) error) error {
	path, err := a.file(pattern)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var r io.Reader = file
	switch {
	case strings.HasSuffix(path, ".lz4"):
		r = lz4.NewReader(file)
	case strings.HasSuffix(path, ".gz"):
		if r, err = gzip.NewReader(file); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := f(crawl.LimitReader(r, maximumIndex, path)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func goldPath(folder string) string {
	return filepath.Join(filepath.Dir(folder), "gold", filepath.Base(folder)+".tsv.gz")
}
