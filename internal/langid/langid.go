// Package langid answers the engine's classify requests: which language a text is in, by fastText's lid.176.
package langid

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"crosssum/internal/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/native/fasttext"
	"crosssum/schemas"
)

// labelPrefix stands before the code in fastText's label names.
const labelPrefix = "__label__"

// Run classifies every row of request.Input. Labels[i] is the first label of row i without its prefix ("en"), "" for a
// text without words; Wanted[i] the probability of the label of the row's language, -1 where fastText has none.
func Run(ctx context.Context, request engine.ClassifyRequest, report engine.Report) (engine.ClassifyResult, error) {
	result := engine.ClassifyResult{Labels: []string{}, Wanted: []float64{}}
	model, err := fasttext.Load(request.Model)
	if err != nil {
		return result, &engine.Error{Type: schemas.MissingModel, Message: err.Error()}
	}
	c := newClassifier(model)
	last := time.Now()
	err = arrowfile.Each(request.Input, schemas.Text, func(row arrowfile.Row) error {
		label, wanted, err := c.classify(row.Str(0), row.Str(2))
		if err != nil {
			return fmt.Errorf("%s: row %d: %w", request.Input, len(result.Labels), err)
		}
		result.Labels = append(result.Labels, label)
		result.Wanted = append(result.Wanted, wanted)
		if time.Since(last) > time.Second {
			last = time.Now()
			report(schemas.Progress{Done: int64(len(result.Labels)), Of: "rows"})
		}
		return ctx.Err()
	})
	return result, err
}

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

// classify is the first label of text, and the probability of language's label: 0 where the library leaves it out, as it
// does under 1e-5. A text of several lines counts as one line.
func (c *classifier) classify(language, text string) (label string, wanted float64, err error) {
	row, err := schemas.LanguageByName(language)
	if err != nil {
		return "", 0, &engine.Error{Type: schemas.InvalidInput, Message: err.Error()}
	}
	index, known := c.labels[row.FastText]
	if !known {
		wanted = -1
	}
	found, err := c.model.Predict(oneLine.Replace(text))
	if err != nil {
		return "", 0, err
	}
	for i, p := range found {
		if i == 0 {
			label = strings.TrimPrefix(c.model.Labels()[p.Label], labelPrefix)
		}
		if known && p.Label == index {
			wanted = math.Min(p.Probability, 1)
		}
	}
	return label, wanted, nil
}

// oneLine makes line ends spaces, and spells the library's own end-of-line word apart so that a text cannot end the line.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ", "</s>", "< /s>")
