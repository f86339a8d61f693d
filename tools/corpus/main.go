// Command corpus makes crawls of Debian's descriptions, and the shipped sample out of one: ./crosssum fetch-corpus and make-sample.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
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

// makeSample draws the shipped sample again, and what lies outside of it, from a fetched crawl.
func makeSample(args []string) error {
	set := cli.New("make-sample", "make-sample --crawl DIR --output DIR [--outside DIR] [--draw WORD] [--share 1]",
		"Draws the shipped sample from a crawl that fetch-corpus made: clusters of keys by hash, with all their translations. What shares no key,\n"+
			"package or text with it goes to --outside, to calibrate and train on. The true alignments go to gold/<name>.tsv.gz beside each folder.\n"+
			"The same crawl gives the same bytes. Folders of these names are replaced. Another word for --draw draws other clusters: so a second sample, to\n"+
			"calibrate on, comes from what lies outside of the first.",
		"./crosssum make-sample --crawl data/crawls/bookworm --output data/crawls/sample2 --outside data/crawls/outside\n"+
			"         ./crosssum make-sample --crawl data/crawls/outside --output data/crawls/calibration --draw calibration", nil)
	crawl := set.String("crawl", "", "the fetched crawl folder")
	output := set.String("output", "", "the sample's crawl folder")
	outside := set.String("outside", "", "the crawl folder of the rest (default: the rest is not written)")
	word := set.String("draw", "", "a word that the drawing depends on (default: the shipped sample's)")
	share := set.Float64("share", 1, "how many clusters are drawn, as a multiple of the shipped sample's shares")
	if err := cli.Parse(set, args, "crawl", "output"); err != nil {
		return err
	}
	options := ShippedSample(*crawl, *output, *outside)
	options.Draw = *word
	options.Applications, options.Many, options.Rest = options.Applications**share, options.Many**share, options.Rest**share
	fmt.Println("joining packages and texts into clusters: about a minute")
	result, err := MakeSample(options)
	if err != nil {
		return err
	}
	for _, side := range []struct {
		name   string
		counts map[string]int
	}{{"sample", result.Sample}, {"outside", result.Outside}} {
		total := 0
		for _, n := range side.counts {
			total += n
		}
		languages := slices.SortedFunc(maps.Keys(side.counts), func(a, b string) int {
			return cmp.Or(cmp.Compare(side.counts[b], side.counts[a]), strings.Compare(a, b))
		})
		fmt.Printf("%-8s %7d articles in %d languages:", side.name, total, len(languages))
		for _, l := range languages[:min(8, len(languages))] {
			fmt.Printf(" %s %d", l, side.counts[l])
		}
		fmt.Println(" ...")
	}
	fmt.Printf("%d keys stand alone on purpose; %d articles are on neither side\n", result.Lone, result.Dropped)
	return nil
}
