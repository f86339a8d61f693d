package activities

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

// laseRows fills in LaSE and its parts, of the generated text, of the lead, and against shuffled references. Texts are
// stripped first, as the published evaluation does. Scratch files go to dir.
func (w scoring) laseRows(ctx context.Context, rows []schemas.ScoredRow, dir string, report engine.Report) error {
	vectors, err := w.vectorsOf(ctx, rows, dir, report)
	if err != nil {
		return err
	}
	classified, err := w.classifyRows(ctx, rows, dir, report)
	if err != nil {
		return err
	}
	languages, references := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		languages[i], references[i] = r.TargetLanguage, r.Reference
	}
	others := lase.Shuffled(w.in.Seed, languages, references)
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
func (w scoring) vectorsOf(ctx context.Context, rows []schemas.ScoredRow, dir string, report engine.Report) (map[string][]float32, error) {
	language := map[string]string{}
	for _, r := range rows {
		language[strings.TrimSpace(r.Generated)] = r.TargetLanguage
		language[strings.TrimSpace(r.Reference)] = r.TargetLanguage
		language[strings.TrimSpace(r.Lead)] = r.SourceLanguage
	}
	texts := slices.Sorted(maps.Keys(language))
	input, output := filepath.Join(dir, "texts.arrow"), filepath.Join(dir, "vectors.arrow")
	err := writeTexts(input, len(texts), func(i int) (string, string) { return "all", texts[i] })
	if err != nil {
		return nil, err
	}
	request := engine.EncodeRequest{Model: w.encoder.Dir, Prefix: w.in.Encoder.Prefix, MaxTokens: w.in.Encoder.MaxTokens,
		BatchTokens: w.in.Encoder.BatchTokens, Input: input, Column: "text", Output: output}
	var result engine.EncodeResult
	if err := w.CPU.Call(ctx, w.in.Numerics, engine.OpEncode, request, &result, report); err != nil {
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

func (w scoring) classifyRows(ctx context.Context, rows []schemas.ScoredRow, dir string, report engine.Report) (classification, error) {
	var c classification
	input, output := filepath.Join(dir, "classify.arrow"), filepath.Join(dir, "classified.arrow")
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
	request := engine.ClassifyRequest{Model: w.LanguageID, Input: input, Column: "text", Output: output}
	var result engine.ClassifyResult
	if err := w.CPU.Call(ctx, w.in.Numerics, engine.OpClassify, request, &result, report); err != nil {
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
