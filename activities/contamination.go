package activities

import (
	"errors"
	"fmt"
	"os"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

// identity is what an article is called.
type identity struct{ language, id string }

func (i identity) clone() identity {
	return identity{arrowfile.Clone(i.language), arrowfile.Clone(i.id)}
}

// contamination counts the articles of split test, as text or as summary, that a model was trained on.
type contamination struct {
	tested, trained int
	first           identity // that was met
}

// contaminationOf looks for the test articles of splits in the record of a model, by identity or, within a language, by content. A content
// that an article of split train has too does not count: a record without names cannot tell which of the two the model was trained on. At a
// path "", or one where there is nothing, is a model without a record.
func (a *Activities) contaminationOf(record string, splits, articles schemas.Ref) (c contamination, err error) {
	if _, err := os.Stat(record); record == "" || os.IsNotExist(err) {
		return c, nil
	}
	tested, err := a.articlesOf("test", splits)
	if err != nil {
		return c, err
	}
	contents, err := a.contentsOf(tested, splits, articles)
	if err != nil {
		return c, err
	}
	seen := map[identity]bool{}
	unread := trained.Read(record, func(row trained.Row) {
		of := identity{row.Language, row.ID}
		if !tested[of] {
			row.ID = ""
			of = contents[row]
		}
		if of.id != "" && !seen[of] {
			of = of.clone()
			if seen[of] = true; len(seen) == 1 {
				c.first = of
			}
		}
	})
	if c.tested, c.trained = len(tested), len(seen); unread != nil {
		err = fmt.Errorf("%w: %w", errRecord, unread)
	}
	return c, err
}

var errRecord = errors.New("the record of what the model was trained on cannot be read")

// articlesOf are the articles of a split.
func (a *Activities) articlesOf(split string, splits schemas.Ref) (map[identity]bool, error) {
	samples, err := a.Store.FileOf(splits, "all", "samples.arrow")
	if err != nil {
		return nil, err
	}
	all := map[identity]bool{}
	err = arrowfile.Each(samples, func(row *schemas.SampleRow) error {
		for _, of := range []identity{{row.SourceLanguage, row.SourceID}, {row.TargetLanguage, row.TargetID}} {
			if row.Split == split && !all[of] {
				all[of.clone()] = true
			}
		}
		return nil
	})
	return all, err
}

// contentsOf finds the articles that are tested on by what records may have in place of their names, and no article of split train has.
func (a *Activities) contentsOf(tested map[identity]bool, splits, articles schemas.Ref) (map[trained.Row]identity, error) {
	own, err := a.articlesOf("train", splits)
	if err != nil {
		return nil, err
	}
	contents := map[trained.Row]identity{}
	err = a.eachContent(tested, articles, func(content trained.Row, of identity) { contents[content] = of })
	if err == nil {
		err = a.eachContent(own, articles, func(content trained.Row, _ identity) { delete(contents, content) })
	}
	return contents, err
}

func (a *Activities) eachContent(wanted map[identity]bool, articles schemas.Ref, do func(content trained.Row, of identity)) error {
	_, files, _, err := a.Store.Files(articles, "articles.arrow")
	if err != nil {
		return err
	}
	for _, file := range files {
		err := arrowfile.Each(file, func(row *schemas.ArticleRow) error {
			if of := (identity{row.Language, row.ID}); wanted[of] {
				of = of.clone()
				for _, content := range trained.Contents(row) {
					do(content, of)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// refuse is an error where a model has seen articles that it is to be tested on.
func (c contamination) refuse(stage string) error {
	if c.trained == 0 {
		return nil
	}
	return fault.New(schemas.InvalidInput, "%s: the model was trained on %d of the %d articles that it is to be tested on, %s %s for one: "+
		"begin with a model that has not seen them, mine with the catalogue that it was trained from, or set generate.allow_trained: %s",
		stage, c.trained, c.tested, c.first.language, c.first.id, schemas.Give("generate.allow_trained", true))
}

// flattered warns of a report's figures where a run was let test on what its model was trained on.
func (a *Activities) flattered(in schemas.ReportInput, warnings []string) ([]string, error) {
	record, err := a.Store.First(schemas.Train.Of(in.Made), schemas.TrainedOnFile)
	if err != nil {
		return nil, err
	}
	c, err := a.contaminationOf(record, schemas.SplitDedup.Of(in.Made), schemas.Screen.Of(in.Made))
	if err != nil {
		return nil, fmt.Errorf("report: contamination: %w", err)
	}
	if c.trained > 0 {
		warnings = append(warnings, fmt.Sprintf("the model was trained on %d of the %d articles of split test, as generate.allow_trained "+
			"lets it: its figures flatter", c.trained, c.tested))
	}
	return warnings, nil
}
