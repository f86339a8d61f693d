// Package testkit holds what tests share: a toy corpus whose right alignment is known.
package testkit

import (
	"path/filepath"
	"runtime"
)

// Toy is the corpus: a crawl root that holds the crawl "toy" (short news in English, French and Russian, 45 to 49 rows each;
// 41 are in all three languages, some in two or one; one English row is a duplicate, one French row is broken) and its gold.
// make_toy.py writes it.
type Toy struct {
	CrawlRoot string // folder of the crawl
	Crawl     string // its name
	Gold      string // language, id, key, packages: rows of one key are translations of each other
}

// OpenToy finds the corpus beside this file.
func OpenToy() Toy {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(file)
	return Toy{CrawlRoot: root, Crawl: "toy", Gold: filepath.Join(root, "gold", "toy.tsv.gz")}
}
