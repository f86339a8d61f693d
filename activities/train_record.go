package activities

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"crosssum/internal/arrowfile"
	"crosssum/internal/link"
	"crosssum/schemas"
)

// identity is what an article is called, or in the second place the digest of what it says.
type identity struct{ language, name string }

// recordTrained writes what a model was trained on beside its files: the articles of the train samples, and those of before,
// the record of the model that the training began with, if that has one.
func recordTrained(path, samples string, articles []string, before string) error {
	trained := map[identity]string{} // content digest
	err := arrowfile.Each(samples, schemas.Sample, func(row arrowfile.Row) error {
		if row.Str(4) != "train" {
			return nil
		}
		for _, i := range []int{0, 2} {
			if _, ok := trained[identity{row.Str(i), row.Str(i + 1)}]; !ok {
				trained[identity{arrowfile.Clone(row.Str(i)), arrowfile.Clone(row.Str(i + 1))}] = ""
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, file := range articles {
		err := arrowfile.Each(file, schemas.Article, func(row arrowfile.Row) error {
			if of := (identity{row.Str(0), row.Str(1)}); has(trained, of) {
				trained[identity{arrowfile.Clone(of.language), arrowfile.Clone(of.name)}] = arrowfile.Clone(row.Str(8))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	rows := make([][3]string, 0, len(trained))
	for of, content := range trained {
		rows = append(rows, [3]string{of.language, of.name, content})
	}
	if rows, err = addRecord(rows, before); err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b [3]string) int { return slices.Compare(a[:], b[:]) })
	rows = slices.Compact(rows)
	return link.WriteRows(path, schemas.TrainedOn, len(rows), func(i int) []any { return []any{rows[i][0], rows[i][1], rows[i][2]} })
}

func has[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}

// addRecord adds the rows of a record, if it is there. An article that was edited since has a row for each of its contents.
func addRecord(rows [][3]string, record string) ([][3]string, error) {
	if _, err := os.Stat(record); errors.Is(err, fs.ErrNotExist) {
		return rows, nil
	}
	err := arrowfile.Each(record, schemas.TrainedOn, func(row arrowfile.Row) error {
		rows = append(rows, [3]string{arrowfile.Clone(row.Str(0)), arrowfile.Clone(row.Str(1)), arrowfile.Clone(row.Str(2))})
		return nil
	})
	return rows, err
}

// refuseTrained counts the articles of samples that are tested on, as text or as summary, among those that the model was trained on,
// by identity or, within a language, by content. Above zero is an error, unless the parameters allow it.
func (a *Activities) refuseTrained(in schemas.GenerateInput, pairs map[string][]testSample) error {
	if in.Params.AllowTrained {
		return nil
	}
	record, err := a.pathOf(in.Model, schemas.TrainedOnFile)
	if err != nil || record == "" {
		return err
	}
	tested := map[identity]bool{}
	for _, samples := range pairs {
		for _, s := range samples {
			tested[identity{s.sourceLanguage, s.sourceID}], tested[identity{s.targetLanguage, s.targetID}] = true, true
		}
	}
	_, articles, _, err := a.files(in.Articles, "articles.arrow")
	if err != nil {
		return err
	}
	contents := map[identity]identity{} // of tested articles, by language and content
	for _, file := range articles {
		err := arrowfile.Each(file, schemas.Article, func(row arrowfile.Row) error {
			if of := (identity{row.Str(0), row.Str(1)}); tested[of] {
				of = identity{arrowfile.Clone(of.language), arrowfile.Clone(of.name)}
				contents[identity{of.language, arrowfile.Clone(row.Str(8))}] = of
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	leaked, first := map[identity]bool{}, identity{}
	err = arrowfile.Each(record, schemas.TrainedOn, func(row arrowfile.Row) error {
		of := identity{row.Str(0), row.Str(1)}
		if !tested[of] {
			of = contents[identity{of.language, row.Str(2)}]
		}
		if of.name != "" && !leaked[of] {
			of = identity{arrowfile.Clone(of.language), arrowfile.Clone(of.name)}
			if leaked[of] = true; len(leaked) == 1 {
				first = of
			}
		}
		return nil
	})
	if err != nil || len(leaked) == 0 {
		return err
	}
	return Fail(schemas.InvalidInput, "generate: the model was trained on %d of the %d articles that it is to be tested on, %s %s for one: "+
		"begin with a model that has not seen them, mine with the catalogue that it was trained from, or set generate.allow_trained",
		len(leaked), len(tested), first.language, first.name)
}
