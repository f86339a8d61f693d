package main

import (
	"fmt"
	"sort"

	"crosssum/internal/cli"
)

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
		total, languages := 0, make([]string, 0, len(side.counts))
		for l, n := range side.counts {
			total, languages = total+n, append(languages, l)
		}
		sort.Slice(languages, func(i, j int) bool {
			a, b := side.counts[languages[i]], side.counts[languages[j]]
			return a > b || a == b && languages[i] < languages[j]
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
