package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
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
	known, err := languages(model)
	if err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.jsonl.zst"))
	if err != nil {
		return err
	}
	var rows []row
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl.zst")
		for _, split := range []string{"_train", "_val", "_test"} {
			name = strings.TrimSuffix(name, split)
		}
		if !known[name] {
			continue
		}
		if rows, err = read(rows, path, name); err != nil {
			return err
		}
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

// languages are those that a model has a start token for.
func languages(model string) (map[string]bool, error) {
	raw, err := os.ReadFile(filepath.Join(model, "config.json"))
	if err != nil {
		return nil, err
	}
	var config struct {
		Task struct {
			Languages map[string]any `json:"langid_map"`
		} `json:"task_specific_params"`
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for name := range config.Task.Languages {
		known[name] = true
	}
	return known, nil
}

// read adds the articles of a file to rows.
func read(rows []row, path, language string) ([]row, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	z, err := zstd.NewReader(file)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	for lines := bufio.NewReader(z); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		r := row{Language: language}
		if err == nil {
			err = json.Unmarshal(line, &r)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		r.Language = language
		rows = append(rows, r)
	}
}
