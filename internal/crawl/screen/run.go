package screen

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// Input names what one language is screened with. Languages, Articles (paths of schemas.ArticleRow) and Classified (paths of
// schemas.ClassifiedRow, row for row that of the articles) go together, in byte order.
type Input struct {
	Language   string
	Languages  []string
	Articles   []string
	Classified []string
	Params     schemas.ScreenParams
}

// screening is the work on one language.
type screening struct {
	in       Input
	at       int // of the language in in.Languages
	judge    *judge
	moving   map[string]finding            // the language's misplaced articles by id, where they move
	rows     int64                         // of the language
	changed  bool                          // one of them goes, or another one comes
	coming   []finding                     // by id
	texts    map[string]schemas.ArticleRow // articles that come, by language/id
	hygiene  *hygiene
	counts   map[string]int64
	progress func(done int64)
}

// Run writes articles.arrow (what goes on; where nothing goes or comes, the file as it is), languages.arrow
// (schemas.IdentifiedRow, row for row) and set_aside.arrow into dir. Counts: articles; misplaced (summaries not in their file's
// language, whatever becomes of them); set_aside; moved_in and moved_out; and those of hygiene.
func Run(ctx context.Context, in Input, dir string, progress func(done int64)) (map[string]int64, error) {
	if err := in.Params.Check(); err != nil {
		return nil, fault.Of(schemas.InvalidInput, err)
	}
	s := &screening{in: in, at: slices.Index(in.Languages, in.Language), texts: map[string]schemas.ArticleRow{},
		moving: map[string]finding{}, hygiene: &hygiene{template: in.Params.TemplateArticles, burmese: in.Language == "burmese"}, progress: progress,
		counts: map[string]int64{"articles": 0, "misplaced": 0, "set_aside": 0, "moved_in": 0, "moved_out": 0}}
	if s.at < 0 {
		return nil, fmt.Errorf("screen: there are no articles of %s", in.Language)
	}
	if err := s.decide(); err != nil {
		return nil, err
	}
	if err := s.fetch(); err != nil {
		return nil, err
	}
	if err := s.write(ctx, dir); err != nil {
		return nil, err
	}
	err := s.hygiene.counts(s.counts, func(f func(summary string)) error {
		row := int64(0)
		return arrowfile.Each(filepath.Join(dir, "articles.arrow"), func(r *schemas.ArticleRow) error {
			f(r.Summary)
			if row++; row%1000 == 0 {
				s.progress(s.rows)
			}
			return ctx.Err()
		})
	})
	return s.counts, err
}

// decide finds what becomes of the language's articles, and which come to it.
func (s *screening) decide() (err error) {
	asked := []int{s.at}
	for i := range s.in.Languages {
		if s.in.Params.Misplaced == Move && i != s.at {
			asked = append(asked, i)
		}
	}
	if s.judge, err = newJudge(s.in, asked); err != nil {
		return err
	}
	if s.in.Params.Misplaced == Move {
		all, err := s.judge.moves()
		if err != nil {
			return err
		}
		for _, f := range all {
			if f.language == s.at {
				s.moving[f.id] = f
			}
			if f.to == s.at {
				s.coming = append(s.coming, f)
			}
		}
	}
	s.changed = len(s.coming) > 0
	return s.each(func(f finding) error {
		s.rows++
		s.changed = s.changed || f.reason != stays
		return nil
	})
}

// each calls f with what becomes of the language's articles, in their order.
func (s *screening) each(use func(finding) error) error {
	return s.judge.each(s.at, func(f finding) error {
		if moving, ok := s.moving[f.id]; ok {
			f = moving
		}
		return use(f)
	})
}

// fetch reads the articles that come.
func (s *screening) fetch() error {
	wanted := map[int]map[string]bool{}
	for _, f := range s.coming {
		if wanted[f.language] == nil {
			wanted[f.language] = map[string]bool{}
		}
		wanted[f.language][f.id] = true
	}
	for _, language := range slices.Sorted(maps.Keys(wanted)) { // of several broken files the same one is told each time
		ids := wanted[language]
		err := arrowfile.Each(s.in.Articles[language], func(r *schemas.ArticleRow) error {
			if ids[r.ID] {
				coming := clone(r)
				coming.Language = s.in.Language
				s.texts[s.in.Languages[language]+"/"+coming.ID] = coming
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// write goes through the language's articles once.
func (s *screening) write(ctx context.Context, dir string) error {
	articles := filepath.Join(dir, "articles.arrow")
	out, err := create(dir, s.changed)
	if err != nil {
		return err
	}
	err = errors.Join(s.through(ctx, out), out.close())
	if err == nil && !s.changed {
		err = atomicfile.Copy(s.in.Articles[s.at], articles)
	}
	return err
}

// through goes through articles and findings side by side.
func (s *screening) through(ctx context.Context, out *output) error {
	row, coming := int64(0), s.coming
	next, stop := arrowfile.Pull(s.each)
	defer stop()
	err := arrowfile.Each(s.in.Articles[s.at], func(r *schemas.ArticleRow) error {
		f, err, ok := next()
		if err != nil {
			return err
		}
		if !ok || f.id != r.ID {
			return s.unlike(row, r.ID)
		}
		if row++; row%1000 == 0 {
			s.progress(row)
		}
		if f.misplaced {
			s.counts["misplaced"]++
		}
		switch f.reason {
		case stays:
			for len(coming) > 0 && coming[0].id < f.id {
				if err := s.take(out, coming[0]); err != nil {
					return err
				}
				coming = coming[1:]
			}
			return errors.Join(ctx.Err(), s.keep(out, f, r, f.ok))
		case removed:
			s.counts["moved_out"]++
			return nil
		}
		s.counts["set_aside"]++
		return out.aside.Append(schemas.SetAsideRow{Language: s.in.Language, ID: f.id, Reason: f.reason, Identified: s.judge.identified(f), Probability: f.probability})
	})
	if err == nil && row != s.rows {
		err = s.unlike(row, "")
	}
	for _, f := range coming {
		err = errors.Join(err, s.take(out, f))
	}
	return err
}

func (s *screening) unlike(row int64, id string) error {
	return fault.New(schemas.CorruptObject,
		"screen: row %d of the articles of %s (%q) is not that of its classification", row, s.in.Language, id)
}

// take writes an article that comes from another language's file.
func (s *screening) take(out *output, f finding) error {
	s.counts["moved_in"]++
	a := s.texts[s.in.Languages[f.language]+"/"+f.id]
	yes := true
	return s.keep(out, f, &a, &yes)
}

func (s *screening) keep(out *output, f finding, a *schemas.ArticleRow, ok *bool) error {
	s.counts["articles"]++
	s.hygiene.add(a.Summary, a.Title, a.Text)
	if out.articles != nil {
		if err := out.articles.Append(*a); err != nil {
			return err
		}
	}
	return out.languages.Append(schemas.IdentifiedRow{Language: s.in.Language, ID: f.id, Identified: s.judge.identified(f), Probability: f.probability, OK: ok})
}

// output are the files of a language; articles is nil where the file stays as it is.
type output struct {
	articles  *arrowfile.Writer[schemas.ArticleRow]
	languages *arrowfile.Writer[schemas.IdentifiedRow]
	aside     *arrowfile.Writer[schemas.SetAsideRow]
}

func create(dir string, articles bool) (*output, error) {
	var o output
	var errs [3]error
	if articles {
		o.articles, errs[0] = arrowfile.Create[schemas.ArticleRow](filepath.Join(dir, "articles.arrow"))
	}
	o.languages, errs[1] = arrowfile.Create[schemas.IdentifiedRow](filepath.Join(dir, "languages.arrow"))
	o.aside, errs[2] = arrowfile.Create[schemas.SetAsideRow](filepath.Join(dir, "set_aside.arrow"))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, errors.Join(err, o.close())
	}
	return &o, nil
}

func (o *output) close() (err error) {
	return errors.Join(o.articles.Close(), o.languages.Close(), o.aside.Close())
}

// clone copies a row out of its batch.
func clone(r *schemas.ArticleRow) schemas.ArticleRow {
	a := *r
	for _, s := range []*string{&a.Language, &a.ID, &a.URL, &a.Title, &a.Summary, &a.Text, &a.Label, &a.Digest} {
		*s = arrowfile.Clone(*s)
	}
	a.Images = slices.Clone(a.Images)
	for i := range a.Images {
		a.Images[i] = arrowfile.Clone(a.Images[i])
	}
	return a
}
