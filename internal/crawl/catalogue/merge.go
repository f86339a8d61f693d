package catalogue

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// Input is one language before a crawl and in it. Paths are empty where there is nothing: before its first crawl, or in a
// crawl without files of it.
type Input struct {
	Language  string
	Previous  string // of schemas.ArticleRow: the catalogue's
	Articles  string // of schemas.ArticleRow: the crawl's
	Deletions string // of schemas.DeletionRow: the crawl's
	Snapshot  bool   // what the crawl lacks is withdrawn
}

// Counts of a merge: Articles are there after it; accepted rows of the crawl = New + Edited + Unchanged, where an edited one has
// another title, summary or text.
type Counts struct {
	Articles, New, Edited, Unchanged, Withdrawn int64
	WithdrewNothing                             int64 // deletions of what was not there
}

// Merge writes the language's articles.arrow after the crawl and changes.arrow into dir. All inputs are sorted by id, and are
// read once, batch by batch, so memory does not grow with them. articles.arrow has the bytes that reading the same articles
// from one crawl would give. progress gets the rows read so far.
func Merge(ctx context.Context, in Input, dir string, progress func(rows int64)) (Counts, error) {
	m := &merge{language: in.Language, snapshot: in.Snapshot}
	previous := m.open(in.Previous, arrowfile.Each[schemas.ArticleRow])
	crawl := m.open(in.Articles, arrowfile.Each[schemas.ArticleRow])
	deletions := m.open(in.Deletions, func(path string, f func(*schemas.ArticleRow) error) error {
		return arrowfile.Each(path, func(d *schemas.DeletionRow) error { return f(&schemas.ArticleRow{Language: d.Language, ID: d.ID}) })
	})
	defer func() { previous.stop(); crawl.stop(); deletions.stop() }()
	var err error
	if m.articles, err = arrowfile.Create[schemas.ArticleRow](filepath.Join(dir, "articles.arrow")); err != nil {
		return m.counts, err
	}
	if m.changes, err = arrowfile.Create[schemas.ChangeRow](filepath.Join(dir, "changes.arrow")); err != nil {
		return m.counts, errors.Join(err, m.articles.Close())
	}
	err = m.run(ctx, previous, crawl, deletions, progress)
	m.counts.Articles = m.articles.Rows()
	return m.counts, errors.Join(err, m.articles.Close(), m.changes.Close())
}

// Carry hands on the articles of a language that the crawl says nothing about: the same file, no change.
func Carry(previous, dir string) error {
	if err := os.Link(previous, filepath.Join(dir, "articles.arrow")); err != nil {
		return err
	}
	changes, err := arrowfile.Create[schemas.ChangeRow](filepath.Join(dir, "changes.arrow"))
	if err != nil {
		return err
	}
	return changes.Close()
}

type merge struct {
	language string
	snapshot bool
	articles *arrowfile.Writer[schemas.ArticleRow]
	changes  *arrowfile.Writer[schemas.ChangeRow]
	counts   Counts
	rows     int64
}

// run walks the three lists side by side, one identity at a time.
func (m *merge) run(ctx context.Context, previous, crawl, deletions *cursor, progress func(int64)) error {
	for _, c := range []*cursor{previous, crawl, deletions} {
		if err := c.advance(); err != nil {
			return err
		}
	}
	for n := 0; previous.any || crawl.any || deletions.any; n++ {
		if n%4096 == 0 {
			progress(m.rows)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		id := smallest(previous, crawl, deletions)
		if err := m.one(id, previous.at(id), crawl.at(id), deletions.at(id)); err != nil {
			return err
		}
		for _, c := range []*cursor{previous, crawl, deletions} {
			if c.at(id) != nil {
				m.rows++
				if err := c.advance(); err != nil {
					return err
				}
			}
		}
	}
	progress(m.rows)
	return nil
}

// one decides about an identity: a row of each list that has it, nil where it has none.
func (m *merge) one(id string, before, now, deleted *schemas.ArticleRow) error {
	switch {
	case now != nil && deleted != nil:
		return corrupt("merge %s: the crawl both has and deletes article %q", m.language, id)
	case now != nil && before == nil:
		m.counts.New++
		return errors.Join(m.articles.Append(*now), m.changed(id, New))
	case now != nil && same(before, now):
		m.counts.Unchanged++
		return m.articles.Append(*now)
	case now != nil:
		m.counts.Edited++
		return errors.Join(m.articles.Append(*now), m.changed(id, Edited))
	case before == nil:
		m.counts.WithdrewNothing++
		return nil
	case deleted != nil || m.snapshot:
		m.counts.Withdrawn++
		return m.changed(id, Withdrawn)
	}
	return m.articles.Append(*before)
}

func (m *merge) changed(id, change string) error {
	return m.changes.Append(schemas.ChangeRow{Language: m.language, ID: id, Change: change})
}

// same compares title, summary and text. The URL, images and label of the newer row are kept in any case, and are no edit: a
// site that moves has not written anything.
func same(a, b *schemas.ArticleRow) bool { return a.Digest == b.Digest }

// cursor pulls the rows of one list, whose ids must rise.
type cursor struct {
	path, language string
	next           func() (*schemas.ArticleRow, error, bool)
	stop           func()
	row            *schemas.ArticleRow
	id             string
	any            bool // row and id are there: the list has not ended
}

func (m *merge) open(path string, each func(path string, f func(*schemas.ArticleRow) error) error) *cursor {
	c := &cursor{path: path, language: m.language}
	if path == "" {
		c.next, c.stop = func() (r *schemas.ArticleRow, err error, any bool) { return }, func() {}
		return c
	}
	c.next, c.stop = arrowfile.Pull(func(f func(*schemas.ArticleRow) error) error { return each(path, f) })
	return c
}

// advance goes to the next row. The row before it is gone then: batches are freed.
func (c *cursor) advance() error {
	last, first := c.id, !c.any
	row, err, any := c.next()
	if err != nil {
		return err
	}
	if c.row, c.any = row, any; !any {
		return nil
	}
	if c.id = arrowfile.Clone(row.ID); row.Language != c.language || !first && c.id <= last {
		return corrupt("merge %s: %s: article %q of %s after %q: rows must be of one language and sorted by id, each once", c.language, c.path,
			c.id, row.Language, last)
	}
	return nil
}

// at is the row if it is the one of id.
func (c *cursor) at(id string) *schemas.ArticleRow {
	if c.any && c.id == id {
		return c.row
	}
	return nil
}

func smallest(cursors ...*cursor) string {
	id, any := "", false
	for _, c := range cursors {
		if c.any && (!any || c.id < id) {
			id, any = c.id, true
		}
	}
	return id
}
