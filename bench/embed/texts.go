package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"

	"crosssum/internal/crawl"
	"crosssum/tools/articles"
)

// collect takes n summaries out of crawl folders: all languages mixed, the same ones every time.
func collect(folders []string, n int) ([]string, error) {
	var out []string
	for _, folder := range folders {
		var list []string
		err := articles.Each(folder, func(_ string, a crawl.Article) error {
			list = append(list, a.Summary)
			return nil
		})
		if err != nil {
			return nil, err
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
