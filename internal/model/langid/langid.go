// Package langid answers the engine's classify requests: which language a text is in, by fastText's lid.176.
package langid

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/model/resident"
	"crosssum/internal/model/texts"
	"crosssum/internal/native/fasttext"
	"crosssum/schemas"
)

// labelPrefix stands before the code in fastText's label names.
const labelPrefix = "__label__"

// Run classifies every row of request.Input and writes a schemas.ClassifiedRow row for each, in its order.
func Run(ctx context.Context, request engine.ClassifyRequest, report engine.Report) (engine.ClassifyResult, error) {
	var result engine.ClassifyResult
	_, err := os.Stat(request.Model)
	var model *fasttext.Model
	if err == nil {
		model, err = models.Get(request.Model, func() (*fasttext.Model, error) { return fasttext.Load(request.Model) }, func(*fasttext.Model) {})
	}
	if err != nil {
		return result, fault.Of(schemas.MissingModel, err)
	}
	w, err := arrowfile.Create[schemas.ClassifiedRow](request.Output)
	if err != nil {
		return result, err
	}
	c := newClassifier(model)
	last := time.Now()
	err = arrowfile.Pick(request.Input, func(r *schemas.TextRow) error {
		found, err := c.classify(r.Language, r.Text)
		if err != nil {
			return fmt.Errorf("%s: row %d: %w", request.Input, result.Rows, err)
		}
		if result.Rows++; time.Since(last) > time.Second {
			last = time.Now()
			report(schemas.Progress{Done: result.Rows, Of: "rows"})
		}
		script, others := texts.Script(r.Text)
		return errors.Join(ctx.Err(), w.Append(schemas.ClassifiedRow{Language: r.Language, ID: r.ID, Label: found.label,
			Probability: float32(found.probability), Wanted: float32(found.wanted), Letters: int32(texts.Letters(r.Text)), Hash: texts.Hash(r.Text),
			Script: script, OtherLetters: int32(others), SmallWords: int32(texts.SmallWords(r.Text))}))
	}, "language", "id", request.Column)
	return result, errors.Join(err, w.Close())
}

// Check says what a classifier is, if it is one.
func Check(path string) (says string, err error) {
	model, err := fasttext.Load(path)
	if err != nil {
		return "", fault.Of(schemas.MissingModel, err)
	}
	return fmt.Sprintf("classifier %s: %d labels", path, len(model.Labels())), nil
}

// models keeps the classifier of the request before: every language of a crawl is a request.
var models resident.Model[*fasttext.Model]

// classifier knows which label of the model stands for which language of the table.
type classifier struct {
	model  *fasttext.Model
	labels map[string]int // code -> index
}

func newClassifier(model *fasttext.Model) *classifier {
	c := &classifier{model, map[string]int{}}
	for i, label := range model.Labels() {
		c.labels[strings.TrimPrefix(label, labelPrefix)] = i
	}
	return c
}

// found is what the classifier says of one text.
type found struct {
	label               string
	probability, wanted float64
}

// classify is the first label of text, and the probability of language's label: 0 where the library leaves it out, as it
// does under 1e-5. A text of several lines counts as one line.
func (c *classifier) classify(language, text string) (found, error) {
	row, err := schemas.LanguageByName(language)
	if err != nil {
		return found{}, fault.Of(schemas.InvalidInput, err)
	}
	var out found
	index, known := c.labels[row.FastText]
	if !known {
		out.wanted = -1
	}
	predicted, err := c.model.Predict(oneLine.Replace(text))
	if err != nil {
		return found{}, err
	}
	for i, p := range predicted {
		probability := math.Min(p.Probability, 1)
		if i == 0 {
			out.label, out.probability = strings.TrimPrefix(c.model.Labels()[p.Label], labelPrefix), probability
		}
		if known && p.Label == index {
			out.wanted = probability
		}
	}
	return out, nil
}

// oneLine makes line ends spaces, and spells the library's own end-of-line word apart so that a text cannot end the line.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ", "</s>", "< /s>")
