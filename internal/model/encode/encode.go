// Package encode answers the engine's encode requests: it turns texts into unit vectors with a sentence encoder.
//
// An embedding depends on its batch in the last bits. So batches are a pure function of the texts of a request: windows of
// some ten thousand rows, in each the distinct texts in digest order, sections of these sorted by number of tokens, cut into
// batches of a bounded number of tokens. A request of one window does not depend on the order of its rows.
package encode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

const defaultBatchTokens = 1024

// Run embeds the texts of request.Input, each behind request.Prefix, and writes a schemas.EmbeddingRow row for each of its rows, in its order. A text
// that stands in several rows of a window is encoded once. Vectors have unit length. What it holds in memory does not depend on the number of rows.
func Run(ctx context.Context, request engine.EncodeRequest, report engine.Report) (engine.EncodeResult, error) {
	e, err := open(&request, report)
	if err != nil {
		return engine.EncodeResult{}, err
	}
	if err := e.prompted(request); err != nil {
		return engine.EncodeResult{}, err
	}
	total, err := arrowfile.Rows(request.Input)
	if err != nil {
		return engine.EncodeResult{}, err
	}
	s := stream{ctx: ctx, encoder: e, request: request, report: report, total: total, unit: true}
	err = write(&s, func(w *arrowfile.Writer[schemas.EmbeddingRow]) error {
		s.emit = func(r row, t *text, vector []float32) error {
			return w.Append(schemas.EmbeddingRow{Language: r.language, ID: r.id, TextDigest: t.digest, Embedding: vector})
		}
		return arrowfile.Pick(request.Input, func(r *schemas.TextRow) error {
			return s.add(arrowfile.Clone(r.Language), arrowfile.Clone(r.ID), r.Text)
		}, "language", "id", request.Column)
	})
	return s.result, err
}

// prompted refuses a run without a prefix where the directory has one: nobody said so, and the directory does not mean it.
func (e *encoder) prompted(r engine.EncodeRequest) error {
	if r.Prefix != "" || e.prompt == "" {
		return nil
	}
	return fault.New(schemas.InvalidInput, "encoder %s: its %s has %q before every text (default_prompt_name), and the run's encoder.prefix is empty: "+
		"set it, %s; or take default_prompt_name out of the file", r.Model, promptsFile, e.prompt, schemas.Give("encoder.prefix", e.prompt))
}

// Lines embeds the texts that next gives, until it says io.EOF, into a file with the one column "embedding", in their order.
// Vectors are as the encoder's directory gives them: of unit length unless its modules.json has no Normalize.
// request.Input and Column are not looked at; total is how many texts are expected, 0 when nobody knows.
func Lines(ctx context.Context, request engine.EncodeRequest, next func() (string, error), total int64, report engine.Report) (engine.EncodeResult, error) {
	e, err := open(&request, report)
	if err != nil {
		return engine.EncodeResult{}, err
	}
	s := stream{ctx: ctx, encoder: e, request: request, report: report, total: total}
	type line struct {
		schemas.Uncompressed
		Embedding []float32 `arrow:"embedding"`
	}
	err = write(&s, func(w *arrowfile.Writer[line]) error {
		s.emit = func(_ row, _ *text, vector []float32) error { return w.Append(line{Embedding: vector}) }
		for n := 1; ; n++ {
			content, err := next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil {
				err = s.add("line", strconv.Itoa(n), content)
			}
			if err != nil {
				return err
			}
		}
	})
	return s.result, err
}

// Tokenizer gives the function that cuts texts into the ids that the encoder of a directory sees, at most maxTokens a text; 0:
// as many as the directory says.
func Tokenizer(dir string, maxTokens int) (func(text string) ([]int32, error), error) {
	m, err := readModules(dir)
	if err != nil {
		return nil, err
	}
	var e encoder
	if _, err := e.loadTokenizer(m); err != nil {
		return nil, err
	}
	if maxTokens == 0 {
		maxTokens = e.maxTokens
	}
	if err := check(engine.EncodeRequest{Model: dir, MaxTokens: maxTokens, BatchTokens: maxTokens}, &e); err != nil {
		return nil, err
	}
	return func(text string) ([]int32, error) { return e.tokenizer.Encode(text, maxTokens) }, nil
}

// open gets the encoder of a request and compares the two. A limit that is 0 becomes the directory's own.
func open(request *engine.EncodeRequest, report engine.Report) (*encoder, error) {
	asked := schemas.EncoderParams{Name: request.Model, Prefix: request.Prefix, MaxTokens: cmp.Or(request.MaxTokens, 3),
		BatchTokens: cmp.Or(request.BatchTokens, schemas.MostBatchTokens)}
	if err := asked.Check(); err != nil { // before anything is loaded
		return nil, fault.Of(schemas.InvalidInput, err)
	}
	err := directory(request.Model) // before all that lies under it is looked at
	var e *encoder
	if err == nil {
		e, err = encoders.Get(request.Model, func() (*encoder, error) { return load(request.Model, report) }, (*encoder).close)
	}
	if err != nil {
		return nil, fault.Of(schemas.MissingModel, err)
	}
	if request.MaxTokens == 0 {
		request.MaxTokens = e.maxTokens
	}
	if request.BatchTokens == 0 {
		request.BatchTokens = max(defaultBatchTokens, request.MaxTokens)
	}
	if err := check(*request, e); err != nil {
		return nil, fault.Of(schemas.InvalidInput, err)
	}
	return e, nil
}

// check compares the request with what the encoder can do.
func check(r engine.EncodeRequest, e *encoder) error {
	params := schemas.EncoderParams{Name: r.Model, Prefix: r.Prefix, MaxTokens: r.MaxTokens, BatchTokens: r.BatchTokens}
	if err := params.Check(); err != nil {
		return err
	}
	if r.MaxTokens > e.limit {
		return fmt.Errorf("encoder.max_tokens: %d is more than encoder %s takes, which is %d: %s", r.MaxTokens, r.Model, e.limit,
			schemas.Give("encoder.max_tokens", e.limit))
	}
	return nil
}
