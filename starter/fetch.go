package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"crosssum/internal/operation/live"
	"crosssum/tools/corpus"
)

// fetchCorpus makes a crawl of a Debian suite.
func fetchCorpus(ctx context.Context, args []string) error {
	set := flags("fetch-corpus", "fetch-corpus [--suite bookworm] [--output DIR]",
		"Fetches the package descriptions (DDTP) and the applications' metadata (AppStream) of a Debian suite in every language, from\n"+
			"the mirror that this machine's apt uses, and makes a crawl folder of them. About 248,000 articles in a minute or two for\n"+
			"bookworm. Any user may do so; the machine's own package lists are not touched.",
		"./crosssum fetch-corpus --suite trixie && ./crosssum realign --crawl trixie --languages english,german,french")
	suite := set.String("suite", "bookworm", "the suite")
	output := set.String("output", "", "crawl folder to make (default: data/crawls/<suite>)")
	mirror := set.String("mirror", "", "address of an archive (default: the one of this machine's apt)")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	o := corpus.FetchOptions{Suite: *suite, Output: *output, Mirror: *mirror, Work: filepath.Join(h.data(), "apt", filepath.Base(*suite))}
	if o.Output == "" {
		roots := h.config.CrawlRoots
		if len(roots) == 0 {
			return errors.New("fetch-corpus: no crawl root is configured; give --output")
		}
		o.Output = filepath.Join(roots[len(roots)-1], filepath.Base(*suite))
	}
	if err := os.MkdirAll(filepath.Dir(o.Output), 0o755); err != nil {
		return err
	}
	begin := time.Now()
	got, err := corpus.Fetch(ctx, o, func(line string) { fmt.Printf("[%s] %s\n", live.Clock(time.Since(begin)), line) })
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s articles in %d languages, %s keys; gold alignment in %s\n", got.Folder, live.Thousands(int64(got.Articles)),
		len(got.ByLang), live.Thousands(int64(got.Keys)), got.Gold)
	fmt.Printf("left out: %s texts under %d characters, %s repeated keys\n", live.Thousands(int64(got.Short)), corpus.MinimumText, live.Thousands(int64(got.Repeated)))
	if len(got.Unknown) > 0 {
		fmt.Printf("language codes that schemas/languages.tsv does not have: %v\n", names(got.Unknown))
	}
	return nil
}
