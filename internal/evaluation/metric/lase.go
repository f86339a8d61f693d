package metric

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/metric/lase"
	"crosssum/internal/evaluation/metric/rouge"
	"crosssum/schemas"
)

// Judge is what LaSE asks: an encoder for meaning, a classifier for the language.
type Judge struct {
	Call       func(ctx context.Context, op string, args, result any) error // the engine's
	Encoder    engine.EncodeRequest                                         // model and settings
	Classifier string                                                       // path
	Seed       uint64                                                       // of the shuffled references
	Dir        string                                                       // for scratch files
}

// LaSE fills in LaSE and its parts, of the generated text, of the lead, and against shuffled references. Texts are stripped first,
// as the published evaluation does.
func (j Judge) LaSE(ctx context.Context, rows []schemas.ScoredRow, report engine.Report) error {
	vectors, err := j.vectorsOf(ctx, rows)
	if err != nil {
		return err
	}
	classified, err := j.classify(ctx, rows)
	if err != nil {
		return err
	}
	languages, references := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		languages[i], references[i] = r.TargetLanguage, r.Reference
	}
	others := lase.Shuffled(j.Seed, languages, references)
	for i := range rows {
		if i%200 == 0 {
			report(schemas.Progress{Done: int64(i), Total: int64(len(rows)), Of: "rows"})
		}
		r := &rows[i]
		of := func(text, reference string, at int) lase.Value {
			name := rougeName(r.TargetLanguage)
			return lase.Score(vectors[strings.TrimSpace(text)], vectors[strings.TrimSpace(reference)], classified.first[at],
				classified.wanted[at], rouge.Length(name, text), rouge.Length(name, reference))
		}
		v := of(r.Generated, r.Reference, i)
		r.LaSE, r.MS, r.LC, r.LP = 100*v.LaSE, 100*v.MS, 100*v.LC, 100*v.LP
		r.LeadLaSE = 100 * of(r.Lead, r.Reference, len(rows)+i).LaSE
		if others[i] >= 0 {
			r.LaSEShuffled = 100 * of(r.Generated, references[others[i]], i).LaSE
		}
	}
	return nil
}

// vectorsOf embeds every distinct text once, in byte order.
func (j Judge) vectorsOf(ctx context.Context, rows []schemas.ScoredRow) (map[string][]float32, error) {
	language := map[string]string{}
	for _, r := range rows {
		language[strings.TrimSpace(r.Generated)] = r.TargetLanguage
		language[strings.TrimSpace(r.Reference)] = r.TargetLanguage
		language[strings.TrimSpace(r.Lead)] = r.SourceLanguage
	}
	texts := slices.Sorted(maps.Keys(language))
	input, output := filepath.Join(j.Dir, "texts.arrow"), filepath.Join(j.Dir, "vectors.arrow")
	err := writeTexts(input, len(texts), func(i int) (string, string) { return "all", texts[i] })
	if err != nil {
		return nil, err
	}
	request := j.Encoder
	request.Input, request.Column, request.Output = input, "text", output
	var result engine.EncodeResult
	if err := j.Call(ctx, engine.OpEncode, request, &result); err != nil {
		return nil, err
	}
	vectors := make(map[string][]float32, len(texts))
	err = arrowfile.Each(output, func(r *schemas.EmbeddingRow) error {
		if len(vectors) < len(texts) {
			vectors[texts[len(vectors)]] = slices.Clone(r.Embedding)
		}
		return nil
	})
	if err == nil && (len(vectors) != len(texts) || result.Rows != int64(len(texts))) {
		err = fmt.Errorf("score: %d texts were sent to the encoder and %d vectors came back", len(texts), result.Rows)
	}
	return vectors, err
}

// classification says of the generated texts first, then of the leads, in row order, whether the wanted language is the
// classifier's first choice, and its probability: -1 for a language that the classifier does not know.
type classification struct {
	first  []bool
	wanted []float64
}

func (j Judge) classify(ctx context.Context, rows []schemas.ScoredRow) (classification, error) {
	var c classification
	input, output := filepath.Join(j.Dir, "classify.arrow"), filepath.Join(j.Dir, "classified.arrow")
	err := writeTexts(input, 2*len(rows), func(i int) (string, string) {
		r := rows[i%len(rows)]
		if i < len(rows) {
			return r.TargetLanguage, r.Generated
		}
		return r.TargetLanguage, r.Lead
	})
	if err != nil {
		return c, err
	}
	request := engine.ClassifyRequest{Model: j.Classifier, Input: input, Column: "text", Output: output}
	var result engine.ClassifyResult
	if err := j.Call(ctx, engine.OpClassify, request, &result); err != nil {
		return c, err
	}
	err = arrowfile.Each(output, func(r *schemas.ClassifiedRow) error {
		l, err := schemas.LanguageByName(r.Language)
		c.first = append(c.first, err == nil && l.FastText != "" && r.Label == l.FastText)
		c.wanted = append(c.wanted, float64(r.Wanted))
		return nil
	})
	if err == nil && len(c.wanted) != 2*len(rows) {
		err = fmt.Errorf("score: %d texts were sent to the classifier and %d came back", 2*len(rows), len(c.wanted))
	}
	return c, err
}

// writeTexts makes a schemas.TextRow file of n stripped texts.
func writeTexts(path string, n int, row func(i int) (language, text string)) error {
	return arrowfile.WriteRows(path, n, func(i int) schemas.TextRow {
		language, text := row(i)
		return schemas.TextRow{Language: language, ID: fmt.Sprintf("%09d", i), Text: strings.TrimSpace(text)}
	})
}
