package activities

import (
	"context"
	"strings"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

// linkMaterial is all that the pairs depend on. Which pair of languages a list belongs to stands in the unit's name.
type linkMaterial struct {
	Articles           []string            `json:"articles"` // digests
	Neighbours         map[string][]string `json:"neighbours"`
	Rule               string              `json:"rule"`
	Threshold          float64             `json:"threshold"`
	DuplicateThreshold float64             `json:"duplicate_threshold"`
	K                  int                 `json:"k"`
	// Of the rule "evidence":
	Evidence map[string]string      `json:"evidence,omitempty"` // digests by pair of languages
	Model    *schemas.EvidenceModel `json:"model,omitempty"`
}

// linking accepts pairs of articles by the rule asked for, over all languages at once.
type linking struct {
	*Activities
	whole
	in         schemas.LinkInput
	articles   inputs
	neighbours []schemas.Unit
	evidence   inputs // of the rule of that name
}

func openLink(o *opening, in schemas.LinkInput) work { return o.linking(in) }

func (o *opening) linking(in schemas.LinkInput) linking {
	w := linking{Activities: o.Activities, whole: 1, in: in, articles: o.inputs(in.Articles, "articles.arrow"), neighbours: o.units(in.Neighbours)}
	if in.Evidence != nil {
		w.evidence = o.inputs(*in.Evidence, "evidence.arrow")
	}
	return w
}

func (w linking) material(string) any {
	m := linkMaterial{Articles: w.articles.digests, Neighbours: map[string][]string{}, Rule: w.in.Rule, Threshold: w.in.Threshold,
		DuplicateThreshold: w.in.DuplicateThreshold, K: w.in.Neighbour, Evidence: w.evidence.byUnit(), Model: w.in.Model}
	for _, u := range w.neighbours {
		m.Neighbours[u.Name] = []string{u.Files["forward.arrow"].Digest, u.Files["backward.arrow"].Digest}
	}
	return m
}

// input is what link reads: the files of the stages before.
func (w linking) input() (link.Input, error) {
	o := &opening{Activities: w.Activities}
	input := link.Input{Languages: w.articles.names(), Articles: w.articles.paths, Rule: w.in.Rule, Threshold: w.in.Threshold,
		DuplicateThreshold: w.in.DuplicateThreshold, K: w.in.Neighbour, Model: w.in.Model}
	for _, u := range w.neighbours {
		lists := link.Lists{Forward: o.file(u, "forward.arrow")}
		if lists.A, lists.B, _ = strings.Cut(u.Name, "-"); lists.A != lists.B {
			lists.Backward = o.file(u, "backward.arrow")
			_, lists.Evidence, _ = w.evidence.of(u.Name)
		}
		input.Lists = append(input.Lists, lists)
	}
	return input, o.err
}

func (w linking) run(_ context.Context, _ schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	input, err := w.input()
	if err != nil {
		return nil, err
	}
	return link.Run(input, draft.Dir, func(done, total int) {
		report(schemas.Progress{Done: int64(done), Total: int64(total), Of: "pairs"})
	})
}
