package link

import (
	"cmp"
	"encoding/json"
	"math"
	"os"
	"slices"
	"sort"

	"crosssum/schemas"
)

// examples is how many pairs histogram.json shows on each side of the threshold.
const examples = 20

// bins a unit: margins lie closer together than cosines.
const cosineBins, marginBins = 100, 200

// Histogram is histogram.json: how the contenders (the pairs that only the threshold decides) score, and which of them
// stand nearest to it.
type Histogram struct {
	Rule      string    `json:"rule"`
	Measure   string    `json:"measure"` // what is binned and compared: "margin", "agreement", "cosine" or "probability"
	Threshold float64   `json:"threshold"`
	Bins      []Bin     `json:"bins"`  // ascending, without empty ones
	Above     []Example `json:"above"` // nearest first
	Below     []Example `json:"below"` // nearest first

	perUnit      float64
	bins         map[int]*Bin
	above, below []contender
}

// Bin counts contenders with From <= value < To, and those of them that were accepted.
type Bin struct {
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Pairs    int64   `json:"pairs"`
	Accepted int64   `json:"accepted"`
}

// Example is a contender near its threshold.
type Example struct {
	SourceLanguage string  `json:"source_language"`
	SourceID       string  `json:"source_id"`
	TargetLanguage string  `json:"target_language"`
	TargetID       string  `json:"target_id"`
	Score          float32 `json:"score"` // cosine
	Margin         float32 `json:"margin"`
	Value          float32 `json:"value"`     // what was compared with the threshold
	Agreement      float32 `json:"agreement"` // of other languages, where the rule asks for it
	Tokens         float32 `json:"tokens"`    // rare tokens that both texts share, where the rule asks for them
	Rule           string  `json:"rule"`
}

func newHistogram(in Input) *Histogram {
	h := &Histogram{Rule: in.Rule, Measure: schemas.Rules[in.Rule].Measure, Threshold: in.Threshold, Bins: []Bin{}, Above: []Example{},
		Below: []Example{}, perUnit: cosineBins, bins: map[int]*Bin{}}
	switch h.Measure {
	case "probability":
		h.Threshold, _ = in.Model.Cut(in.Threshold) // weigh tells what is wrong with it
	case "cosine":
	default:
		h.perUnit = marginBins
	}
	return h
}

// add counts a contender. One over its threshold that was not accepted, since a cut parted it, is no example of either side.
func (h *Histogram) add(c contender, accepted bool) {
	k := int(math.Floor(float64(c.value) * h.perUnit))
	if h.bins[k] == nil {
		h.bins[k] = &Bin{From: float64(k) / h.perUnit, To: float64(k+1) / h.perUnit}
	}
	h.bins[k].Pairs++
	side := &h.below
	if accepted {
		h.bins[k].Accepted++
		side = &h.above
	} else if c.accepted() {
		return
	}
	if *side = append(*side, c); len(*side) > 1<<16 {
		*side = nearest(*side)
	}
}

// nearest keeps the contenders nearest to their threshold, ties by id.
func nearest(cs []contender) []contender {
	distance := func(c contender) float64 { return math.Abs(float64(c.value) - c.threshold) }
	slices.SortFunc(cs, func(x, y contender) int {
		return cmp.Or(cmp.Compare(distance(x), distance(y)), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return cs[:min(len(cs), examples)]
}

func (h *Histogram) finish(articles *Articles) {
	for _, b := range h.bins {
		h.Bins = append(h.Bins, *b)
	}
	sort.Slice(h.Bins, func(i, j int) bool { return h.Bins[i].From < h.Bins[j].From })
	show := func(cs []contender) []Example {
		out := []Example{}
		for _, c := range nearest(cs) {
			out = append(out, Example{articles.Language(c.a), articles.ID(c.a), articles.Language(c.b), articles.ID(c.b),
				c.score, c.margin, c.value, c.agreement, c.tokens, c.rule})
		}
		return out
	}
	h.Above, h.Below = show(h.above), show(h.below)
}

func (h *Histogram) write(path string) error {
	b, err := json.MarshalIndent(h, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
