package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"crosssum/internal/crawl"
	"crosssum/internal/model/starts"
	"crosssum/tools/articles"
)

// row is an example of a batch as ./crosssum train --batches reads it: an article with its own summary.
type row struct {
	Text     string `json:"text"`
	Summary  string `json:"summary"`
	Language string `json:"target_language"`
}

// writeBatches puts so many batches of articles of a crawl folder, all languages that the model knows mixed, into a file: the same
// ones every time.
func writeBatches(path, folder, model string, batch, steps int) error {
	known, err := starts.Read(filepath.Join(model, "config.json"))
	if err != nil {
		return err
	}
	var rows []row
	err = articles.Each(folder, func(language string, a crawl.Article) error {
		if _, ok := known[language]; ok {
			rows = append(rows, row{a.Text, a.Summary, language})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(rows) < batch*steps {
		return fmt.Errorf("%s has %d articles in languages of %s; %d batches of %d are wanted", folder, len(rows), model, steps, batch)
	}
	random := rand.New(rand.NewPCG(2026, 11))
	random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := json.NewEncoder(file)
	for i := range steps {
		err = errors.Join(err, out.Encode(rows[i*batch:(i+1)*batch]))
	}
	return errors.Join(err, file.Close())
}
