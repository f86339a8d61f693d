// Command corpus makes crawls of Debian's descriptions and of GNOME's user help, and the shipped sample out of one: ./crosssum fetch-corpus and make-sample.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
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
	"crosssum/schemas"
)

func main() {
	os.Exit(cli.Main("corpus", map[string]func([]string) error{"fetch-corpus": fetchCorpus, "make-sample": makeSample}, os.Args[1:]))
}

// fetchCorpus makes a crawl of a Debian suite, or of GNOME's user help.
func fetchCorpus(args []string) error {
	set := cli.New("fetch-corpus", "fetch-corpus [--source debian] [--suite bookworm] [--output DIR]\n       ./crosssum fetch-corpus --source gnome-help [--without-copies] [--output DIR]",
		"Makes a crawl folder, and its true alignment beside it, of what the Debian archive has that this machine's apt uses. Any user may do so; the\n"+
			"machine's own package lists are not touched.\n\n"+
			"  debian      the package descriptions (DDTP) and the applications' metadata (AppStream) of a suite in every language: about 248,000\n"+
			"              articles in a minute or two for bookworm\n"+
			"  gnome-help  the pages of GNOME's user help, version 43 (package gnome-user-docs, 8.5 MB, by hash; CC BY-SA 3.0): 264 topics in 42\n"+
			"              languages, long texts beside short summaries. A quarter of the pages were never translated, and are English word for word",
		"./crosssum fetch-corpus --suite trixie && ./crosssum realign --crawl trixie --languages english,german,french",
		func(flag string) bool { return flag == "config" || config.IsSetting(flag) })
	from := set.String("source", "debian", "`debian` or gnome-help")
	suite := set.String("suite", "bookworm", "the suite, of --source debian")
	withoutCopies := set.Bool("without-copies", false, "leave out the pages that are English word for word, of --source gnome-help")
	output := set.String("output", "", "crawl folder to make (default: data/crawls/<suite>, data/crawls/gnome-help)")
	mirror := set.String("mirror", "", "address of an archive (default: the one of this machine's apt)")
	file := set.String("config", filepath.Join(config.Root(), "temporal.yaml"), "the configuration file")
	overrides := config.AddFlags(set)
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	name, err := crawlName(set, *from, *suite)
	if err != nil {
		return err
	}
	c, err := config.Load(*file, overrides)
	if err != nil {
		return err
	}
	work := filepath.Join(filepath.Dir(c.Store), "apt", name)
	if *output == "" {
		if len(c.CrawlRoots) == 0 {
			return errors.New("no crawl root is configured; give --output")
		}
		*output = filepath.Join(c.CrawlRoots[len(c.CrawlRoots)-1], name)
	}
	if err := os.MkdirAll(filepath.Dir(*output), 0o755); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	begin := time.Now()
	progress := func(line string) { fmt.Printf("[%s] %s\n", live.Clock(time.Since(begin)), line) }
	var got FetchResult
	short := fmt.Sprintf("texts under %d characters", MinimumText)
	if *from == helpSource {
		short = "pages without a summary or without a paragraph"
		got, err = FetchHelp(ctx, HelpOptions{Output: *output, Mirror: *mirror, Work: work, WithoutCopies: *withoutCopies}, progress)
	} else {
		got, err = Fetch(ctx, FetchOptions{Suite: *suite, Output: *output, Mirror: *mirror, Work: work}, progress)
	}
	if err != nil {
		return err
	}
	tell(got, short, *withoutCopies)
	return nil
}

const helpSource = "gnome-help"

// crawlName is the name of the source's crawl. A flag of the other source is refused.
func crawlName(set *flag.FlagSet, source, suite string) (string, error) {
	switch source {
	case "debian":
		if cli.Given(set, "without-copies") {
			return "", errors.New("--without-copies is for --source gnome-help")
		}
		return filepath.Base(suite), nil
	case helpSource:
		if cli.Given(set, "suite") {
			return "", errors.New("--suite is for --source debian: the help is of one version")
		}
		return helpSource, nil
	}
	return "", fmt.Errorf("no source %.40q; %s", source, schemas.Instead(source, []string{"debian", helpSource}))
}

// tell says what a fetch made, and what it left out.
func tell(got FetchResult, short string, withoutCopies bool) {
	fmt.Printf("%s: %s articles in %d languages, %s keys; gold alignment in %s\n", got.Folder, live.Thousands(int64(got.Articles)),
		len(got.ByLang), live.Thousands(int64(got.Keys)), got.Gold)
	fmt.Printf("left out: %s %s, %s repeated keys\n", live.Thousands(int64(got.Short)), short, live.Thousands(int64(got.Repeated)))
	if len(got.Copies) > 0 {
		var all int64
		var by []string
		for _, language := range bySize(got.Copies) {
			all += int64(got.Copies[language])
			by = append(by, fmt.Sprintf("%s %d", language, got.Copies[language]))
		}
		what := "in it, and in its gold; --without-copies leaves them out"
		if withoutCopies {
			what = "left out too"
		}
		fmt.Printf("English word for word, %s: %s pages (%s)\n", what, live.Thousands(all), strings.Join(by, ", "))
	}
	if len(got.Unknown) > 0 {
		fmt.Printf("language codes that schemas/languages.tsv does not have: %v\n", slices.Sorted(maps.Keys(got.Unknown)))
	}
}

// bySize are the languages, those with most articles first.
func bySize(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
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
		languages := bySize(side.counts)
		fmt.Printf("%-8s %7d articles in %d languages:", side.name, total, len(languages))
		for _, l := range languages[:min(8, len(languages))] {
			fmt.Printf(" %s %d", l, side.counts[l])
		}
		fmt.Println(" ...")
	}
	fmt.Printf("%d keys stand alone on purpose; %d articles are on neither side\n", result.Lone, result.Dropped)
	return nil
}
