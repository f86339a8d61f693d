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
		arrowfile.WriteRows(filepath.Join(dir, "pairs.arrow"), schemas.Pair, len(r.accepted), func(i int) []any {
			c := r.accepted[i]
			return []any{r.articles.Language(c.a), r.articles.ID(c.a), r.articles.Language(c.b), r.articles.ID(c.b),
				c.score, c.margin, c.rule, component(c.a)}
		}),
		arrowfile.WriteRows(filepath.Join(dir, "duplicates.arrow"), schemas.Duplicate, len(r.duplicates), func(i int) []any {
			d := r.duplicates[i]
			return []any{r.articles.Language(d.a), r.articles.ID(d.a), r.articles.ID(d.b), d.score}
		}),
		arrowfile.WriteRows(filepath.Join(dir, "components.arrow"), schemas.Component, r.articles.Len(), func(i int) []any {
			return []any{r.articles.Language(int32(i)), r.articles.ID(int32(i)), component(int32(i))}
		}),
		r.histogram.write(filepath.Join(dir, "histogram.json")))
}
