// Package articles reads the articles of crawl folders for the makers and the benchmarks.
package articles

import (
	"context"
	"fmt"

	"crosssum/internal/crawl"
	"crosssum/schemas"
)

// limits bound a crawl file and a line of it.
var limits = schemas.IngestParams{MaxLineBytes: 4 << 20, MaxFileBytes: 4 << 30, MaxWindowBytes: 512 << 20}

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
		in, _, err := f.Open(file, limits)
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
