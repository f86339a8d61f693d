package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"crosssum/internal/crawl"
	"crosssum/internal/operation/intake"
	"crosssum/internal/operation/live"
)

// check reads a crawl as ingest would, and keeps nothing.
func check(ctx context.Context, args []string) error {
	set := flags("check", "check --crawl DIR [--languages a,b] [--preset paper] [--params FILE]", "Reads a crawl folder as a run would and says what it holds: rows, rejects with reasons and first examples, languages, and what\n"+
		"a run is expected to take. Given a preset or parameters, it looks at the models and what is asked of them too, as a run's first activity does. Ends with status 1 if a run would refuse the crawl. Nothing is written.", "./crosssum check --crawl corpus/sample")
	dir := set.String("crawl", "", "the crawl folder, or the name of one under a crawl root")
	languages := set.String("languages", "", "names of languages, separated by commas (default: all of the crawl)")
	preset := set.String("preset", "", "demo or paper: a run of whose parameters is checked (default: the demo's limits of rows alone)")
	given := set.String("params", "", "a JSON file of parameters over the preset's")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	if *dir == "" {
		return errors.New("check: --crawl DIR is missing; see ./crosssum check --help")
	}
	_, params, err := parameters(*given, *preset, filepath.Base(*dir), *languages)
	if err != nil {
		return err
	}
	folder, err := intake.Find(h.config.CrawlRoots, *dir)
	if err != nil {
		return err
	}
	found, err := crawl.Check(ctx, folder, params.Languages, params.Ingest, counter())
	if err != nil {
		printPassed(os.Stdout, found.Passed) // of which the crawl may have nothing else
		return err
	}
	if *preset != "" || *given != "" {
		says, remarks, faults, err := h.ahead(ctx, folder, params, found)
		if err != nil {
			return err
		}
		for _, line := range says {
			fmt.Println(line)
		}
		for _, line := range remarks {
			fmt.Println("remark:", line)
		}
		found.Faults = append(found.Faults, faults...)
	}
	printChecked(os.Stdout, found)
	if len(found.Faults) > 0 {
		return errSaid
	}
	return nil
}

// counter prints how many rows of a language were read, on a terminal only.
func counter() func(string, int64) {
	terminal, last := newScreen().terminal, time.Time{}
	return func(language string, rows int64) {
		if terminal && time.Since(last) > 200*time.Millisecond {
			last = time.Now()
			fmt.Fprintf(os.Stderr, "\r\x1b[K%s: %s rows\r", language, live.Thousands(rows))
		}
	}
}

// printPassed writes which files of the folder a run passes over, those that seem to be meant for it with the name that they need.
func printPassed(w io.Writer, passed []crawl.Passed) {
	const most = 20
	shown, others := 0, []string{}
	for _, p := range passed {
		switch {
		case p.Would == "":
			others = append(others, p.Name)
		case shown < most:
			fmt.Fprintf(w, "not read: %s; under the name %s it would be\n", p.Name, p.Would)
			fallthrough
		default:
			shown++
		}
	}
	if shown > most {
		fmt.Fprintf(w, "not read: %d more whose names are not %s\n", shown-most, crawl.FileNames)
	}
	if n := len(others); n > 0 {
		fmt.Fprintf(w, "passed over: %s%s\n", strings.Join(others[:min(n, most)], ", "), map[bool]string{true: ", ..."}[n > most])
	}
}

// printChecked writes the tables of a check.
func printChecked(w io.Writer, c crawl.Checked) {
	fmt.Fprintf(w, "crawl %s: %s rows in %d languages, %s accepted, %s rejected, %s blank lines\n\n", c.Crawl, live.Thousands(c.Read),
		len(c.Languages), live.Thousands(c.Accepted), live.Thousands(c.Rejected), live.Thousands(c.Blank))
	if c.Repeated > 0 {
		fmt.Fprintf(w, "%s rows say what another says too, and do not count\n\n", live.Thousands(c.Repeated))
	}
	if c.Deleted > 0 {
		fmt.Fprintf(w, "%s rows withdraw an article, which a run of Realign alone can do\n\n", live.Thousands(c.Deleted))
	}
	fmt.Fprintf(w, "%-24s %5s %10s %10s %10s %9s\n", "language", "files", "MB", "rows", "accepted", "rejected")
	for _, l := range c.Languages {
		fmt.Fprintf(w, "%-24s %5d %10.2f %10s %10s %9s\n", l.Language, l.Files, float64(l.Bytes)/1e6, live.Thousands(l.Read),
			live.Thousands(l.Accepted), live.Thousands(l.Rejected))
	}
	if len(c.Rejects) > 0 {
		fmt.Fprintln(w, "\nrejects by reason, with the first examples")
	}
	for _, r := range c.Rejects {
		fmt.Fprintf(w, "  %-18s %s\n", r.Reason, live.Thousands(r.Count))
		for _, e := range r.Examples {
			fmt.Fprintf(w, "      %s, line %d: %s\n", e.File, e.Line, e.Detail)
		}
	}
	minutes := func(m float64) string { return live.Clock(time.Duration(m * float64(time.Minute))) }
	fmt.Fprintf(w, "\nexpected on two cores with the default encoder: embed %s, neighbours %s, tokenize %s; store %.0f MB (training and generation depend on the preset)\n",
		minutes(c.Estimate.EmbedMinutes), minutes(c.Estimate.SearchMinutes), minutes(c.Estimate.TokenizeMinutes), float64(c.Estimate.DiskBytes)/1e6)
	printPassed(w, c.Passed)
	for _, f := range c.Faults {
		fmt.Fprintln(w, "a run would refuse this:", f)
	}
	if len(c.Faults) > 0 {
		return
	}
	fmt.Fprintln(w, "A run would take it.")
	if len(c.Languages) == 1 {
		fmt.Fprintf(w, "It has one language, %s: a run finds no pairs across languages in it, and trains within the language or not at all (train.native_pairs).\n", c.Languages[0].Language)
	}
}
