package train

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

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
	rows, err := r.feed.seen()
	if err != nil {
		return err
	}
	if err := eachRecorded(r.request.Model, func(row trained.Row) { rows = append(rows, row.Clone()) }); err != nil {
		return err
	}
	return trained.Write(filepath.Join(dir, schemas.TrainedOnFile), rows)
}
