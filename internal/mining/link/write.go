package link

import (
	"errors"
	"path/filepath"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

func (r *result) write(dir string) error {
	component := func(n int32) string { return r.articles.Name(r.forest.Root(n)) }
	return errors.Join(
		arrowfile.WriteRows(filepath.Join(dir, "pairs.arrow"), len(r.accepted), func(i int) schemas.PairRow {
			c := r.accepted[i]
			return schemas.PairRow{SourceLanguage: r.articles.Language(c.a), SourceID: r.articles.ID(c.a),
				TargetLanguage: r.articles.Language(c.b), TargetID: r.articles.ID(c.b), Score: c.score, Margin: c.margin, Rule: c.rule, Component: component(c.a)}
		}),
		arrowfile.WriteRows(filepath.Join(dir, "duplicates.arrow"), len(r.duplicates), func(i int) schemas.DuplicateRow {
			d := r.duplicates[i]
			return schemas.DuplicateRow{Language: r.articles.Language(d.a), SourceID: r.articles.ID(d.a), TargetID: r.articles.ID(d.b), Score: d.score}
		}),
		arrowfile.WriteRows(filepath.Join(dir, "components.arrow"), r.articles.Len(), func(i int) schemas.ComponentRow {
			return schemas.ComponentRow{Language: r.articles.Language(int32(i)), ID: r.articles.ID(int32(i)), Component: component(int32(i))}
		}),
		r.histogram.write(filepath.Join(dir, "histogram.json")))
}
