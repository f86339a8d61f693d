package train

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

// eachRecorded calls do with what the model in dir was trained on by its record, if it has one. A row is valid until the next one.
func eachRecorded(dir string, do func(trained.Row)) error {
	path := filepath.Join(dir, schemas.TrainedOnFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := trained.Read(path, do); err != nil {
		return invalid("the record of what the model was trained on: %v: copy the model once more from where it came from", err)
	}
	return nil
}

// record writes to dir what the model has been trained on: the samples of this training, and what the record of the model that it began
// with lists. An article that was edited between has a row for each of its contents.
func (r *run) record(dir string) error {
	rows, err := r.trainedOn()
	if err != nil {
		return err
	}
	if err := eachRecorded(r.request.Model, func(row trained.Row) { rows = append(rows, row.Clone()) }); err != nil {
		return err
	}
	return trained.Write(filepath.Join(dir, schemas.TrainedOnFile), rows)
}

// trainedOn lists what the request trains on.
func (r *run) trainedOn() (rows []trained.Row, err error) {
	if list, ok := r.feed.(*listed); ok {
		return list.seen, nil
	}
	_, uses, err := loadSamples(r.data.samples)
	if err != nil {
		return nil, err
	}
	if r.request.Dataset != "" {
		for of := range uses {
			rows = append(rows, trained.Row{Language: of.language, Content: of.id[strings.LastIndexByte(of.id, ' ')+1:]})
		}
		return rows, nil
	}
	for _, file := range r.request.Articles {
		err := arrowfile.Each(file, schemas.Article, func(row arrowfile.Row) error {
			if uses[articleKey{row.Str(0), row.Str(1)}] != nil {
				rows = append(rows, trained.Article(row))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}
