// Package encode answers the engine's encode requests: it turns texts into unit vectors with a sentence encoder.
//
// An embedding depends on its batch in the last bits. So batches are a pure function of the set of texts of a request:
// the distinct texts by number of tokens, then by digest, cut into batches of a bounded number of tokens.
package encode

import (
	"context"
	"fmt"

	"crosssum/internal/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// maxBatchTokens bounds the memory of one batch: at hidden size 384 a million tokens take about 20 GB.
const maxBatchTokens = 1 << 20

// Run embeds the texts of request.Input and writes a schemas.Embedding row for each of its rows, in its order. A text
// that stands in several rows is encoded once.
func Run(ctx context.Context, request engine.EncodeRequest, report engine.Report) (engine.EncodeResult, error) {
	var result engine.EncodeResult
	e, err := encoders.get(request.Model)
	if err != nil {
		return result, &engine.Error{Type: schemas.MissingModel, Message: err.Error()}
	}
	if err := check(request, e); err != nil {
		return result, &engine.Error{Type: schemas.InvalidInput, Message: err.Error()}
	}
	input, err := readTexts(request.Input, request.Column, request.Prefix)
	if err != nil {
		return result, err
	}
	result.Rows, result.Texts = int64(len(input.rows)), int64(len(input.texts))
	if result.Tokens, err = input.tokenize(e, request.MaxTokens); err != nil {
		return result, err
	}
	vectors := make([]float32, len(input.texts)*e.dimension)
	err = e.encodeAll(ctx, input, request.BatchTokens, vectors, func(done int) {
		report(schemas.Progress{Done: int64(done), Total: result.Texts, Of: "texts"})
	})
	if err != nil {
		return result, err
	}
	return result, input.write(request.Output, vectors, e.dimension)
}

// check compares the request with what the encoder can do.
func check(r engine.EncodeRequest, e *encoder) error {
	switch {
	case r.MaxTokens < 3 || r.MaxTokens > e.model.Config.Positions:
		return fmt.Errorf("max_tokens is %d, and encoder %s takes 3 to %d", r.MaxTokens, r.Model, e.model.Config.Positions)
	case r.BatchTokens < r.MaxTokens || r.BatchTokens > maxBatchTokens:
		return fmt.Errorf("batch_tokens is %d, outside of max_tokens (%d) to %d", r.BatchTokens, r.MaxTokens, maxBatchTokens)
	}
	return nil
}

// write gives every row the vector of its text.
func (in *texts) write(path string, vectors []float32, dimension int) error {
	w, err := arrowfile.Create(path, schemas.Embedding(dimension), false)
	if err != nil {
		return err
	}
	for _, row := range in.rows {
		vector := vectors[row.text*dimension : (row.text+1)*dimension]
		if err := w.Append(row.language, row.id, in.texts[row.text].digest, vector); err != nil {
			w.Close()
			return err
		}
	}
	return w.Close()
}
