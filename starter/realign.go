package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"crosssum/internal/operation/intake"
	"crosssum/internal/operation/live"
	"crosssum/schemas"
)

// realign takes the crawls that wait into a catalogue.
func realign(ctx context.Context, args []string) error {
	set := flags("realign", "realign [--catalogue main] [--crawls FOLDER | --crawl DIR] [--languages a,b] [--preset paper] [--params FILE] [--keep]",
		"Takes new crawls into a catalogue: of each crawl only new and edited articles are embedded, and searched against all; pairs and splits are made\n"+
			"anew, and no article that was ever in train leaves it. Each crawl becomes one entry of the catalogue's ledger, with a data set of its own.\n\n"+
			"A crawl is a folder with <language>[_<train|val|test>].jsonl[.gz|.bz2|.xz|.zst], or a .tar of them, and, written last, crawl.json: {\"mode\": \"delta\"} adds and replaces articles\n"+
			"(a row {\"id\": ..., \"deleted\": true} withdraws one), {\"mode\": \"snapshot\"} also withdraws what it lacks in its languages. All folders with a\n"+
			"crawl.json in data/crawls, or in the folder of it that --crawls names, are taken in name order, each once: what the ledger has, it does not take\n"+
			"again. --crawl names one folder instead, which needs no crawl.json.",
		"./crosssum realign\n         ./crosssum realign --catalogue news --crawls news --languages english,hindi,russian\n         ./crosssum realign --crawl ~/crawls/2026-11")
	ask := realignFlags(set)
	keep := set.Bool("keep", false, "leave the Temporal server, its web UI and the worker running")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	input, err := ask(h)
	if err != nil {
		return err
	}
	return h.realign(ctx, set.Name(), input, *keep)
}

// realignFlags are the flags of a realignment; the result makes its input of them.
func realignFlags(set *flag.FlagSet) func(*house) (json.RawMessage, error) {
	catalogue := set.String("catalogue", "", "the ledger's name (default main)")
	crawls := set.String("crawls", "", "the folder that crawls are looked for in: one in a crawl root (default: the last crawl root, data/crawls, itself)")
	crawl := set.String("crawl", "", "a single crawl folder, or the name of one under a crawl root")
	retry := set.Bool("retry", false, "with --crawl: try files again that failed when the ledger took the crawl")
	preset := set.String("preset", "", "demo or paper: where parameters come from that --params does not name (default demo)")
	params := set.String("params", "", "a JSON file of parameters over the preset's; ./crosssum example realign prints one")
	languages := set.String("languages", "", "names of languages, separated by commas (default: all of each crawl)")
	return func(h *house) (json.RawMessage, error) {
		over := map[string]any{}
		if *catalogue != "" {
			over["catalogue"] = *catalogue
		}
		if *retry {
			over["retry"] = true
		}
		if *crawls != "" {
			folder, err := intake.FolderOfCrawls(h.config.CrawlRoots, *crawls)
			if err != nil {
				return nil, err
			}
			over["crawls"] = folder
		}
		name := ""
		if *crawl != "" {
			var err error
			if name, err = intake.Crawl(h.config.CrawlRoots, *crawl); err != nil {
				return nil, err
			}
		}
		input, err := laid(*params, *preset, name, *languages, over)
		if err != nil {
			return nil, err
		}
		_, err = schemas.DecodeRealign(input)
		return input, err
	}
}

// realign runs Realign with this input, watches it to its end and prints what it came to. Its workflow id begins with prefix.
func (h *house) realign(ctx context.Context, prefix string, input json.RawMessage, keep bool) error {
	resolved, err := schemas.DecodeRealign(input)
	if err != nil {
		return err
	}
	if roots := h.config.CrawlRoots; len(roots) > 0 { // a checkout that never had a crawl of its own
		if err := os.MkdirAll(roots[len(roots)-1], 0o755); err != nil {
			return err
		}
	}
	var result schemas.RealignResult
	took, err := h.perform(ctx, job{schemas.RealignWorkflow, prefix, input, aboutRealign(resolved), keep}, "", &result)
	if result.Catalogue != "" {
		realigned(os.Stdout, resolved, result, took)
	}
	if err != nil {
		return err
	}
	h.stillRunning(keep)
	return nil
}

// aboutRealign says in a few words what a realignment works on.
func aboutRealign(p schemas.RealignParams) string {
	switch {
	case p.Crawl != "":
		return fmt.Sprintf("catalogue %s, crawl %s", p.Catalogue, p.Crawl)
	case p.Crawls != "":
		return fmt.Sprintf("catalogue %s, crawls in %s", p.Catalogue, p.Crawls)
	}
	return fmt.Sprintf("catalogue %s, all crawls with a crawl.json", p.Catalogue)
}

// realigned prints the table of what was taken, and where the data set lies.
func realigned(w io.Writer, p schemas.RealignParams, r schemas.RealignResult, took time.Duration) {
	if len(r.Taken) > 0 {
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(table, "\nentry\tcrawl\tmode\tnew\tedited\tunchanged\twithdrawn\trejected\tmoved\tarticles\tpairs\tfailed files\t")
		for _, t := range r.Taken {
			fmt.Fprintf(table, "%d\t%s\t%s\t", t.Number, t.Crawl, t.Mode)
			for _, name := range []string{"new", "edited", "unchanged", "withdrawn", "rejected", "moved", "articles", "pairs", "failed_files"} {
				fmt.Fprintf(table, "%s\t", live.Thousands(t.Counts[name]))
			}
			fmt.Fprintln(table)
		}
		table.Flush()
	}
	for _, t := range r.Taken {
		for _, f := range t.Failed {
			file := strings.TrimSuffix(f.Language+"_"+f.Split, "_")
			fmt.Fprintf(w, "not taken of %s: %s: %s; the next run takes it once it is mended, and as it is with --crawl %s --retry\n", t.Crawl, file,
				f.Reason, t.Crawl)
		}
	}
	for _, c := range r.Refused {
		fmt.Fprintf(w, "refused: %s: %s\n", c.Crawl, c.Reason)
	}
	for _, line := range r.PassedOver.Lines() {
		fmt.Fprintln(w, line)
	}
	cautions(w, r.Warnings, r.Nondeterministic)
	switch {
	case r.Number == 0 && p.Crawl == "":
		fmt.Fprintf(w, "\nCatalogue %s is empty, and no crawl waits: a crawl is a folder with a crawl.json; see ./crosssum realign --help\n", r.Catalogue)
	case len(r.Taken) == 0:
		fmt.Fprintf(w, "\nNothing waits: catalogue %s stays at entry %d (%s)\n", r.Catalogue, r.Number, live.Clock(took))
	default:
		fmt.Fprintf(w, "\nin all: %s\n", live.Clock(took))
	}
	if r.Folder != "" {
		fmt.Fprintf(w, "data set and manifest of entry %d: %s\n", r.Number, r.Folder)
	}
}
