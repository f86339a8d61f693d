package report

import (
	"cmp"
	"maps"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

func (g *gathering) articles() error {
	units, err := g.units(schemas.Ingest.Of(g.in.Made))
	if err != nil {
		return err
	}
	reasons := map[string]int64{}
	for _, u := range units {
		g.Languages = append(g.Languages, Language{Name: u.Name, Read: u.Counts["read"], Accepted: u.Counts["accepted"], Rejected: u.Counts["rejected"]})
		if _, ok := u.Files["rejects.arrow"]; !ok {
			continue
		}
		err := each(g, u, "rejects.arrow", func(r *schemas.RejectRow) error {
			reasons[arrowfile.Clone(r.Reason)]++
			return nil
		})
		if err != nil {
			return err
		}
	}
	g.Rejects = largestFirst(reasons)
	return nil
}

func largestFirst(counts map[string]int64) []Count {
	list := byName(counts)
	slices.SortStableFunc(list, func(a, b Count) int { return cmp.Compare(b.N, a.N) })
	return list
}

func (g *gathering) splits() error {
	splits := schemas.SplitDedup.Of(g.in.Made)
	place, reasons := map[string]int{}, map[string]int64{}
	for i, l := range g.Languages {
		place[l.Name] = i
	}
	err := first(g, splits, "splits.arrow", func(r *schemas.SplitRow) error {
		reasons[r.Split+", "+r.Reason]++
		if i, ok := place[r.Language]; ok {
			l := &g.Languages[i]
			switch r.Split {
			case "train":
				l.Train++
			case "val":
				l.Val++
			case "test":
				l.Test++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	g.Splits = largestFirst(reasons)
	if schemas.NearDuplicates.Of(g.in.Made).Index != "" {
		g.Shared = &Shared{splits.Counts["shared_texts"], splits.Counts["shared_summaries"], splits.Counts["shared_near_texts"], splits.Counts["reason_boilerplate"]}
	}
	pairs := map[[2]string]*PairSize{}
	err = first(g, splits, "samples.arrow", func(r *schemas.SampleRow) error {
		pair, ok := pairs[[2]string{r.SourceLanguage, r.TargetLanguage}]
		if !ok {
			source, target := arrowfile.Clone(r.SourceLanguage), arrowfile.Clone(r.TargetLanguage)
			pair = &PairSize{Source: source, Target: target}
			pairs[[2]string{source, target}] = pair
		}
		pair.Samples++
		switch r.Split {
		case "train":
			pair.Train++
		case "test":
			pair.Test++
		}
		return nil
	})
	for _, name := range slices.SortedFunc(maps.Keys(pairs), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		g.Pairs = append(g.Pairs, *pairs[name])
	}
	return err
}
