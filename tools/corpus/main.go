// Command corpus makes crawls of Debian's descriptions, and the shipped sample out of one: ./crosssum fetch-corpus and make-sample.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"crosssum/internal/cli"
	"crosssum/internal/operation/config"
	"crosssum/internal/operation/live"
)

func main() {
	os.Exit(cli.Main("corpus", map[string]func([]string) error{"fetch-corpus": fetchCorpus, "make-sample": makeSample}, os.Args[1:]))
}

// fetchCorpus makes a crawl of a Debian suite.
func fetchCorpus(args []string) error {
	set := cli.New("fetch-corpus", "fetch-corpus [--suite bookworm] [--output DIR]",
		"Fetches the package descriptions (DDTP) and the applications' metadata (AppStream) of a Debian suite in every language, from\n"+
			"the mirror that this machine's apt uses, and makes a crawl folder of them. About 248,000 articles in a minute or two for\n"+
			"bookworm. Any user may do so; the machine's own package lists are not touched.",
		"./crosssum fetch-corpus --suite trixie && ./crosssum realign --crawl trixie --languages english,german,french",
		func(flag string) bool { return flag == "config" || config.IsSetting(flag) })
	suite := set.String("suite", "bookworm", "the suite")
	output := set.String("output", "", "crawl folder to make (default: data/crawls/<suite>)")
	mirror := set.String("mirror", "", "address of an archive (default: the one of this machine's apt)")
	file := set.String("config", filepath.Join(config.Root(), "temporal.yaml"), "the configuration file")
	overrides := config.AddFlags(set)
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	c, err := config.Load(*file, overrides)
	if err != nil {
		return err
	}
	o := FetchOptions{Suite: *suite, Output: *output, Mirror: *mirror, Work: filepath.Join(filepath.Dir(c.Store), "apt", filepath.Base(*suite))}
	if o.Output == "" {
		if len(c.CrawlRoots) == 0 {
			return errors.New("no crawl root is configured; give --output")
		}
		o.Output = filepath.Join(c.CrawlRoots[len(c.CrawlRoots)-1], filepath.Base(*suite))
	}
	if err := os.MkdirAll(filepath.Dir(o.Output), 0o755); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	begin := time.Now()
	got, err := Fetch(ctx, o, func(line string) { fmt.Printf("[%s] %s\n", live.Clock(time.Since(begin)), line) })
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s articles in %d languages, %s keys; gold alignment in %s\n", got.Folder, live.Thousands(int64(got.Articles)),
		len(got.ByLang), live.Thousands(int64(got.Keys)), got.Gold)
	fmt.Printf("left out: %s texts under %d characters, %s repeated keys\n", live.Thousands(int64(got.Short)), MinimumText, live.Thousands(int64(got.Repeated)))
	if len(got.Unknown) > 0 {
		fmt.Printf("language codes that schemas/languages.tsv does not have: %v\n", slices.Sorted(maps.Keys(got.Unknown)))
	}
	return nil
}
