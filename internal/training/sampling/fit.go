package sampling

import (
	"math"

	"crosssum/schemas"
)

// Fit gives the parameters with the mini-batch that is trained with. It is the one asked for wherever a pair has as many samples. Where
// none has, and the parameters let it, it is that halved until the pairs with as many hold half of all samples, and until the ranks can share
// a batch.
func Fit(pairs []Pair, params schemas.TrainParams) schemas.TrainParams {
	largest, all := 0, 0
	for _, p := range pairs {
		if within(p, params) {
			largest, all = max(largest, p.Samples), all+p.Samples
		}
	}
	if !params.FitMiniBatch || largest == 0 || largest >= params.MiniBatch {
		return params
	}
	for params.MiniBatch > 1 {
		params.MiniBatch /= 2
		held := 0
		for _, p := range pairs {
			if within(p, params) && p.Samples >= params.MiniBatch {
				held += p.Samples
			}
		}
		if 2*held >= all && params.Pairs*params.MiniBatch%max(params.Ranks, 1) == 0 {
			break
		}
	}
	return params
}

// fitting are the parameters with leave to fit.
func fitting(params schemas.TrainParams) schemas.TrainParams {
	params.FitMiniBatch = true
	return params
}

// Possible is an error where no pair of these languages could be trained on, whatever its samples.
func Possible(languages []string, params schemas.TrainParams) error {
	var pairs []Pair
	for _, source := range languages {
		for _, target := range languages {
			pairs = append(pairs, Pair{source, target, math.MaxInt32})
		}
	}
	return trainable(pairs, params)
}

// trainable is an error where no pair of the setting has a sample.
func trainable(pairs []Pair, params schemas.TrainParams) error {
	native := false
	for _, p := range pairs {
		if p.Samples > 0 && within(p, params) {
			return nil
		}
		native = native || p.Samples > 0 && p.Source == p.Target
	}
	remedy := "bring more articles"
	if native && !params.NativePairs {
		remedy = "bring articles of another language, or let it train within languages: " + schemas.Give("train.native_pairs", true)
	}
	if params.Pivot != "" {
		remedy = "name train.pivot as the data name languages: " + schemas.Give("train.pivot", "...") + "; or " + remedy
	}
	return invalid("no pair%s has training samples: %s", ofSetting(params), remedy)
}

// ofSetting is " into english", " out of english", or "".
func ofSetting(params schemas.TrainParams) string {
	return map[string]string{"many_to_one": " into " + params.Pivot, "one_to_many": " out of " + params.Pivot}[params.Setting]
}
