package encode

import (
	"fmt"

	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// Check says what the encoder of a directory is, and whether it can do what a run with these parameters asks of it. The values of its weights are
// not read. Parameters with no name are not asked about.
func Check(dir string, params schemas.EncoderParams) (says string, err error) {
	if err := directory(dir); err != nil {
		return "", fault.Of(schemas.MissingModel, err)
	}
	e, err := read(dir, true)
	if err != nil {
		return "", fault.Of(schemas.MissingModel, err)
	}
	defer e.close()
	kind := "BERT"
	if e.static != nil {
		kind = "static"
	}
	says = fmt.Sprintf("encoder %s: %s, %d ids, vectors of %d, at most %d tokens of a text", dir, kind, e.tokenizer.Size(), e.dimension, e.limit)
	if params.Name == "" {
		return says, nil
	}
	request := engine.EncodeRequest{Model: dir, Prefix: params.Prefix, MaxTokens: params.MaxTokens, BatchTokens: params.BatchTokens}
	if err := check(request, e); err != nil {
		return "", fault.Of(schemas.InvalidInput, err)
	}
	return says, e.prompted(request)
}
