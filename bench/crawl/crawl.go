// Package crawl reads the articles that benchmarks are run on.
package crawl

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Article is what benchmarks take of one.
type Article struct {
	Language, Text, Summary string
}

// Each calls do with the articles of a crawl folder's files <language>[_<split>].jsonl.zst, in order of name and line.
func Each(folder string, do func(Article)) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*.jsonl.zst"))
	for _, path := range paths {
		if err == nil {
			err = file(path, do)
		}
	}
	return err
}

func file(path string, do func(Article)) error {
	language := strings.TrimSuffix(filepath.Base(path), ".jsonl.zst")
	for _, split := range []string{"_train", "_val", "_test"} {
		language = strings.TrimSuffix(language, split)
	}
	packed, err := os.Open(path)
	if err != nil {
		return err
	}
	defer packed.Close()
	z, err := zstd.NewReader(packed)
	if err != nil {
		return err
	}
	defer z.Close()
	for lines := bufio.NewReader(z); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		var row struct{ Text, Summary string }
		if err == nil {
			err = json.Unmarshal(line, &row)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		do(Article{language, row.Text, row.Summary})
	}
}
