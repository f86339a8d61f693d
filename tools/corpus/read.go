package corpus

import (
	"context"
	"fmt"

	"crosssum/internal/crawl"
	"crosssum/internal/mining/gold"
)

// limits bound a crawl file and a line of it.
var limits = crawl.Limits{LineBytes: 4 << 20, FileBytes: maximumIndex}

// Each calls do with the articles of a crawl folder, by language and line. A row that is none is an error.
func Each(folder string, do func(language string, a crawl.Article) error) error {
	f, err := crawl.OpenFolder(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	files, err := f.Files(nil)
	if err != nil {
		return err
	}
	for _, file := range files {
		in, _, err := f.Open(file)
		if err != nil {
			return err
		}
		_, err = crawl.EachRow(context.Background(), file.Path, in, limits, func(n int64, a crawl.Article, r *crawl.Reject) error {
			if r != nil {
				return fmt.Errorf("%s/%s:%d: %s: %s", folder, file.Path, n, r.Reason, r.Detail)
			}
			return do(file.Language, a)
		})
		in.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// ReadEntries joins a crawl folder that WriteCrawl made with its gold.
func ReadEntries(folder, goldFile string) (entries []gold.Entry, err error) {
	known, err := gold.Read(goldFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", goldFile, err)
	}
	err = Each(folder, func(language string, a crawl.Article) error {
		k, ok := known[language][a.ID]
		if !ok {
			return fmt.Errorf("%s: %s/%s is not in %s", folder, language, a.ID, goldFile)
		}
		entries = append(entries, gold.Entry{Language: language, Key: k.Key, Packages: k.Packages, Summary: a.Summary, Text: a.Text})
		return nil
	})
	return entries, err
}
