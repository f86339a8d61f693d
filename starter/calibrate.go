package main

import (
	"context"
	"errors"
	"fmt"

	"crosssum/internal/operation/intake"
	"crosssum/internal/operation/live"
	"crosssum/schemas"
)

// calibrate judges an accepting rule at many thresholds against known pairs, and says which one to take.
func calibrate(ctx context.Context, args []string) error {
	set := flags("calibrate", "calibrate --crawl DIR [--gold FILE] [--rule evidence] [--precision 0.97] [--languages a,b] [--encoder NAME]",
		"Mines a crawl up to its neighbour lists, judges the rule at some 200 thresholds against known pairs, and prints precision and recall with 95 %\n"+
			"bootstrap intervals, the share of the largest component, and the threshold for the wanted precision, with the lines for the encoder's model\n"+
			"card. Plots and the whole curve go to data/runs/<run>/calibration.html and curve.json. What is published already is not computed again, and the\n"+
			"card's own threshold is not looked at: an encoder needs none to be calibrated. Of the rule evidence the weights are fitted first; each pair is\n"+
			"judged by weights that know nothing of its cluster.\n\n"+
			"Known pairs: tab-separated lines under the header `language<TAB>id<TAB>key<TAB>packages`, plain or gzipped. Articles of two languages with the\n"+
			"same key are translations of each other; every row's article must be meant to stand in the crawl (rows of others are passed over, and articles\n"+
			"without a row are not judged). `packages` may be missing: names, separated by commas, of what an article is about. Two articles that share one,\n"+
			"with other keys before the colon, count neither right nor wrong. Without --gold: gold/<crawl>.tsv.gz beside the crawl.",
		"./crosssum calibrate --crawl sample\n         ./crosssum calibrate --crawl ~/crawls/2026-11 --gold ~/pairs.tsv --rule mutual --precision 0.98")
	crawl := set.String("crawl", "", "the crawl folder, or the name of one under a crawl root")
	known := set.String("gold", "", "a file of known pairs (default: the crawl's own)")
	rule := set.String("rule", "", "evidence, margin, agreement, mutual, seed or induced (default: the preset's, evidence)")
	precision := set.Float64("precision", 0.97, "the precision that is wanted")
	encoder := set.String("encoder", "", "a model under models/ (default: the preset's)")
	prefix := set.String("prefix", "", "what the encoder wants before every text (with --encoder)")
	duplicate := set.Float64("duplicate", 0, "same-language cosine that joins components; 2: none (default: the encoder's card)")
	languages := set.String("languages", "", "names of languages, separated by commas (default: all of the crawl)")
	params := set.String("params", "", "a JSON file of parameters over the preset's")
	keep := set.Bool("keep", false, "leave the Temporal server, its web UI and the worker running")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	if *crawl == "" {
		return errors.New("calibrate: --crawl DIR is missing; see ./crosssum calibrate --help")
	}
	name, err := intake.Crawl(h.config.CrawlRoots, *crawl)
	if err != nil {
		return err
	}
	over := map[string]any{"precision": *precision}
	if *known != "" {
		if over["gold"], err = intake.Gold(h.config.CrawlRoots, *known); err != nil {
			return err
		}
	}
	if *rule != "" {
		over["align.rule"] = *rule
	}
	if *encoder != "" {
		over["encoder.name"], over["encoder.prefix"] = *encoder, *prefix
	}
	if *duplicate != 0 {
		over["align.duplicate_threshold"] = *duplicate
	}
	input, err := laid(*params, "", name, *languages, over)
	if err != nil {
		return err
	}
	resolved, err := schemas.DecodeCalibrate(input)
	if err != nil {
		return err
	}
	var result schemas.CalibrateResult
	took, err := h.perform(ctx, job{schemas.CalibrateWorkflow, set.Name(), input, about(resolved.Params), *keep}, "", &result)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n", result.Table)
	if result.Card == "" {
		fmt.Println("No threshold reaches it for all pairs: the model card stays as it is.")
	} else {
		fmt.Printf("For the model card of %s:\n\n%s", resolved.Encoder.Name, result.Card)
	}
	fmt.Printf("\nin all: %s\nplots: %s\n", live.Clock(took), result.Page)
	h.stillRunning(*keep)
	return nil
}
