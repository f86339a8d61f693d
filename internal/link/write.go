package link

import (
	"errors"
	"path/filepath"

	"crosssum/internal/arrowfile"
	"crosssum/schemas"

	"github.com/apache/arrow/go/v17/arrow"
)

func (r *result) write(dir string) error {
	component := func(n int32) string { return r.articles.Name(r.forest.Root(n)) }
	return errors.Join(
		WriteRows(filepath.Join(dir, "pairs.arrow"), schemas.Pair, len(r.accepted), func(i int) []any {
			c := r.accepted[i]
			return []any{r.articles.Language(c.a), r.articles.ID(c.a), r.articles.Language(c.b), r.articles.ID(c.b),
				c.score, c.margin, c.rule, component(c.a)}
		}),
		WriteRows(filepath.Join(dir, "duplicates.arrow"), schemas.Duplicate, len(r.duplicates), func(i int) []any {
			d := r.duplicates[i]
			return []any{r.articles.Language(d.a), r.articles.ID(d.a), r.articles.ID(d.b), d.score}
		}),
		WriteRows(filepath.Join(dir, "components.arrow"), schemas.Component, r.articles.Len(), func(i int) []any {
			return []any{r.articles.Language(int32(i)), r.articles.ID(int32(i)), component(int32(i))}
		}),
		r.histogram.write(filepath.Join(dir, "histogram.json")))
}

// WriteRows writes n rows of text to a new Arrow file.
func WriteRows(path string, schema *arrow.Schema, n int, row func(i int) []any) error {
	w, err := arrowfile.Create(path, schema, true)
	if err != nil {
		return err
	}
	for i := range n {
		if err := w.Append(row(i)...); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}
