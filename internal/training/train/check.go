package train

import (
	"fmt"
	"maps"

	"crosssum/internal/fault"
	"crosssum/internal/model/starts"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/device"
	"crosssum/schemas"
)

// Check says what the summarizer of a directory is, and whether it can be trained with these parameters to write these languages: its config,
// vocabulary, start tokens, names and shapes of weights, its record, and the device and precision of this machine. The values of its weights are
// not read. Without languages nothing is asked but whether it is a summarizer.
func Check(dir string, params schemas.TrainParams, targets []string) (says string, remarks []string, err error) {
	config, tokenizer, err := t5.Check(dir)
	if err != nil {
		return "", nil, err
	}
	if err := unrecorded(dir); err != nil {
		return "", nil, err
	}
	says = fmt.Sprintf("summarizer %s: %s, %d encoder and %d decoder layers, d_model %d, %.1f million parameters, %d pieces, start tokens of %d languages",
		dir, config.ModelType, config.NumLayers, config.NumDecoderLayers, config.DModel, float64(config.Count())/1e6, tokenizer.Pieces(), len(config.Languages))
	remarks = remarksOf(config, tokenizer)
	if len(targets) == 0 {
		return says, remarks, nil
	}
	known := maps.Clone(config.Languages)
	if known == nil {
		known = starts.Tokens{}
	}
	if _, err := known.Assign(targets, tokenizer.Lookup); err != nil {
		return says, remarks, fault.New(schemas.InvalidInput, "summarizer %s: %v. The run is to train %d target languages: name those that are wanted "+
			"(--languages, %s)", dir, err, len(targets), schemas.Give("languages", []string{targets[0], "..."}))
	}
	where, err := device.Of(0, max(params.Ranks, 1))
	if err == nil {
		_, err = half(params, where)
	}
	return says, remarks, err
}

// remarksOf are what a person may want to know of a model before it is trained.
func remarksOf(config *t5.Config, tokenizer *t5.Tokenizer) []string {
	remarks := tokenizer.Remarks
	if rows, pieces := config.VocabSize, tokenizer.Pieces(); rows > pieces+1024 { // tables are padded, but not by that much
		remarks = append(remarks, fmt.Sprintf("the model has %d rows and spiece.model %d pieces: is it the vocabulary that belongs to the weights?", rows, pieces))
	}
	return remarks
}
