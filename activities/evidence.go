package activities

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/mining/evidence"
	"crosssum/schemas"
)

// articlesWeighedASecond is a guess for the length of work items.
const articlesWeighedASecond = 20000

type evidenceMaterial struct {
	Source    [4]string `json:"source"` // digests: lexicon, embeddings, neighbours in itself and in the other
	Target    [4]string `json:"target"`
	K         int       `json:"k"`
	Duplicate float64   `json:"duplicate_threshold"`
}

// gathering finds the pairs of articles of two languages that may be translations, with what speaks for each.
type gathering struct {
	*Activities
	in                  schemas.EvidenceInput
	lexicon, embeddings inputs
	neighbours          map[string]schemas.Unit
}

func openEvidence(o *opening, in schemas.EvidenceInput) work {
	w := gathering{o.Activities, in, o.inputs(in.Lexicon, "lexicon.arrow"), o.inputs(in.Embeddings, "embeddings.arrow"), map[string]schemas.Unit{}}
	for _, u := range o.units(in.Neighbours) {
		w.neighbours[u.Name] = u
	}
	if o.err == nil && !slices.Equal(w.lexicon.names(), w.embeddings.names()) {
		o.err = fmt.Errorf("evidence: the lexicon is of %d languages, the embeddings of %d, or of others", len(w.lexicon.units), len(w.embeddings.units))
	}
	return w
}

func (w gathering) units() (units []schemas.WorkUnit, err error) {
	for i, a := range w.lexicon.units {
		for _, b := range w.lexicon.units[i+1:] {
			units = append(units, schemas.WorkUnit{Name: a.Name + "-" + b.Name,
				Seconds: 0.02 + float64(a.Counts["articles"]+b.Counts["articles"])/articlesWeighedASecond})
		}
	}
	return units, nil
}

// files are the names of the neighbours files of both languages of a pair: in themselves, and in the other.
func (w gathering) sides(pair string) (source, target string, own, other [2]schemas.File) {
	source, target, _ = strings.Cut(pair, "-")
	both := w.neighbours[pair]
	own = [2]schemas.File{w.neighbours[source+"-"+source].Files["forward.arrow"], w.neighbours[target+"-"+target].Files["forward.arrow"]}
	return source, target, own, [2]schemas.File{both.Files["forward.arrow"], both.Files["backward.arrow"]}
}

// material has no BlockRows: blocks cannot change a decision.
func (w gathering) material(pair string) any {
	source, target, own, other := w.sides(pair)
	side := func(language string, n int) [4]string {
		_, _, lexicon := w.lexicon.of(language)
		_, _, embeddings := w.embeddings.of(language)
		return [4]string{lexicon, embeddings, own[n].Digest, other[n].Digest}
	}
	return evidenceMaterial{side(source, 0), side(target, 1), w.in.Neighbour, w.in.DuplicateThreshold}
}

func (w gathering) run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	o := &opening{Activities: w.Activities}
	source, target, _, _ := w.sides(u.Name)
	side := func(language, file string) evidence.Side {
		_, lexicon, _ := w.lexicon.of(language)
		_, embeddings, _ := w.embeddings.of(language)
		return evidence.Side{Lexicon: lexicon, Embeddings: embeddings, Own: o.file(w.neighbours[language+"-"+language], "forward.arrow"),
			Neighbours: o.file(w.neighbours[u.Name], file)}
	}
	in := evidence.Input{A: side(source, "forward.arrow"), B: side(target, "backward.arrow"), K: w.in.Neighbour, BlockRows: w.in.BlockRows,
		Duplicate: w.in.DuplicateThreshold}
	if o.err != nil {
		return nil, o.err
	}
	return evidence.Run(ctx, in, filepath.Join(draft.Dir, "evidence.arrow"), func(done, total int64) {
		report(schemas.Progress{Done: done, Total: total, Of: "rows"})
	})
}
