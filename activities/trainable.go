package activities

import (
	"errors"
	"path/filepath"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/internal/training/sampling"
	"crosssum/schemas"
)

// trainable is an error where the splits show already that a training cannot begin or must not: there is no batch to draw, nothing to validate
// on, or the summarizer has seen what it is to be tested on.
func (a *Activities) trainable(summarizer model, in schemas.TrainInput) error {
	pairs, held, err := a.pairsOf(in.Splits)
	if err != nil {
		return err
	}
	sampler, err := sampling.New(pairs, sampling.Fit(pairs, in.Params), in.Seed)
	if err != nil {
		return err
	}
	validated := false
	for _, k := range sampler.Kept() {
		validated = validated || held[k] > 0
	}
	if p := in.Params; !validated && (p.Output == "best" || p.Patience > 0) {
		return fault.New(schemas.InvalidInput, "train.output %q and train.patience %d need validation, and no sample of split \"val\" is of a pair that is "+
			"trained on: raise split.val_percent: %s; or take the last: %s", p.Output, p.Patience, schemas.Shares(), schemas.Give("train.output", "last"))
	}
	return a.unseen(summarizer, in)
}

// pairsOf are the directed pairs of splits with their training samples, and how many each has to validate on.
func (a *Activities) pairsOf(splits schemas.Ref) (pairs []sampling.Pair, held []int, err error) {
	samples, err := a.Store.FileOf(splits, "all", "samples.arrow")
	if err != nil {
		return nil, nil, err
	}
	places := map[[2]string]int{}
	err = arrowfile.Each(samples, func(row *schemas.SampleRow) error {
		k, known := places[[2]string{row.SourceLanguage, row.TargetLanguage}]
		if !known {
			k = len(pairs)
			pair := sampling.Pair{Source: arrowfile.Clone(row.SourceLanguage), Target: arrowfile.Clone(row.TargetLanguage)}
			places[[2]string{pair.Source, pair.Target}] = k
			pairs, held = append(pairs, pair), append(held, 0)
		}
		switch row.Split {
		case "train":
			pairs[k].Samples++
		case "val":
			held[k]++
		}
		return nil
	})
	return pairs, held, err
}

// unseen is an error where a summarizer has seen what it is to be tested on.
func (a *Activities) unseen(summarizer model, in schemas.TrainInput) error {
	if !in.RefuseTrained {
		return nil
	}
	c, err := a.contaminationOf(filepath.Join(summarizer.Dir, schemas.TrainedOnFile), in.Splits, in.Articles)
	if errors.Is(err, errRecord) { // no object of the store, which could be made again
		return fault.New(schemas.InvalidInput, "train: %v: copy the model once more from where it came from", err)
	}
	return errors.Join(err, c.refuse(schemas.Train.Name))
}
