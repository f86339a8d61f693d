package withdraw

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"crosssum/internal/artifact/atomicfile"
)

// deletion is a row of the crawl. After is the number of the ledger's entry that the article was found in: of no use to a
// reader, but without it a second withdrawal of the same articles, which some crawl has brought back, would be the crawl
// that the ledger has already.
type deletion struct {
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
	After   int    `json:"withdrawn_after_entry"`
}

// WriteCrawl writes the delta crawl that withdraws articles, which are sorted, into the crawl root and returns its name, which
// comes from its content. It is complete or absent.
func WriteCrawl(root string, articles []Article, after int) (name string, err error) {
	files := map[string][]byte{}
	digest := sha256.New()
	for _, a := range articles {
		row, err := json.Marshal(deletion{a.ID, true, after})
		if err != nil {
			return "", err
		}
		file := a.Language + ".jsonl"
		files[file] = append(append(files[file], row...), '\n')
		fmt.Fprintf(digest, "%s %s\n", a.Language, row)
	}
	name = "withdraw-" + hex.EncodeToString(digest.Sum(nil))[:16]
	target := filepath.Join(root, name)
	if _, err := os.Stat(filepath.Join(target, "crawl.json")); err == nil {
		return name, nil // an earlier call wrote the same
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	files["crawl.json"] = []byte("{\"mode\": \"delta\"}\n")
	err = atomicfile.Folder(target, func(aside string) (err error) {
		for file, b := range files {
			err = errors.Join(err, os.WriteFile(filepath.Join(aside, file), b, 0o644))
		}
		return err
	})
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%w: if %s is a folder without crawl.json, remove it and run the same command again", err, target)
	}
	return name, err
}
