package report

import (
	"maps"
	"slices"

	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

func (g *gathering) articles() error {
	if schemas.Ingest.Of(g.in.Made).Index == "" {
		return nil
	}
	index, err := g.store.Index(schemas.Ingest.Of(g.in.Made))
	if err != nil {
		return err
	}
	reasons := map[string]int64{}
	for _, u := range index.Units {
		g.Languages = append(g.Languages, Language{Name: u.Name, Read: u.Counts["read"], Accepted: u.Counts["accepted"], Rejected: u.Counts["rejected"]})
		if _, ok := u.Files["rejects.arrow"]; !ok {
			continue
		}
		path, err := g.store.File(u, "rejects.arrow")
		if err != nil {
			return err
		}
		err = arrowfile.Each(path, schemas.Reject, func(r arrowfile.Row) error {
			reasons[arrowfile.Clone(r.Str(2))]++
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
	var out []Count
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, Count{Name: name, N: counts[name]})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].N > out[j].N })
	return out
}

func (g *gathering) splits() error {
	splits, err := g.store.First(schemas.SplitDedup.Of(g.in.Made), "splits.arrow")
	if err != nil || splits == "" {
		return err
	}
	place, reasons := map[string]int{}, map[string]int64{}
	for i, l := range g.Languages {
		place[l.Name] = i
	}
	err = arrowfile.Each(splits, schemas.Split, func(r arrowfile.Row) error {
		reasons[r.Str(3)+", "+r.Str(4)]++
		if i, ok := place[r.Str(0)]; ok {
			l := &g.Languages[i]
			switch r.Str(3) {
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
	samples, err := g.store.First(schemas.SplitDedup.Of(g.in.Made), "samples.arrow")
	if err != nil || samples == "" {
		return err
	}
	pairs := map[[2]string]*PairSize{}
	err = arrowfile.Each(samples, schemas.Sample, func(r arrowfile.Row) error {
		pair, ok := pairs[[2]string{r.Str(0), r.Str(2)}]
		if !ok {
			source, target := arrowfile.Clone(r.Str(0)), arrowfile.Clone(r.Str(2))
			pair = &PairSize{Source: source, Target: target}
			pairs[[2]string{source, target}] = pair
		}
		pair.Samples++
		switch r.Str(4) {
		case "train":
			pair.Train++
		case "test":
			pair.Test++
		}
		return nil
	})
	for _, p := range pairs {
		g.Pairs = append(g.Pairs, *p)
	}
	sort.Slice(g.Pairs, func(i, j int) bool {
		x, y := g.Pairs[i], g.Pairs[j]
		return x.Source < y.Source || x.Source == y.Source && x.Target < y.Target
	})
	return err
}
