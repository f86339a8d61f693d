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

	"github.com/klauspost/compress/zstd"
)

// collect takes n summaries out of crawl folders: all languages mixed, the same ones every time.
func collect(folders []string, n int) ([]string, error) {
	var out []string
	for _, folder := range folders {
		paths, err := filepath.Glob(filepath.Join(folder, "*.jsonl.zst"))
		if err != nil {
			return nil, err
		}
		var list []string
		for _, path := range paths {
			if list, err = summaries(list, path); err != nil {
				return nil, err
			}
		}
		random := rand.New(rand.NewPCG(2026, 11))
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		out = append(out, list[:min(len(list), n-len(out))]...)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no summaries in %v", folders)
	}
	return out, nil
}

// summaries adds those of a file to a list.
func summaries(list []string, path string) ([]string, error) {
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
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		var row struct {
			Summary string `json:"summary"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		list = append(list, row.Summary)
	}
}

// writeLines writes a JSON string a line.
func writeLines(path string, texts []string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	for _, text := range texts {
		line, err := json.Marshal(text)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return errors.Join(w.Flush(), file.Close())
}
