package withdraw

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
// comes from its content. It is complete or absent: crawl.json is written last, in a folder aside that is renamed.
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
	aside, err := os.MkdirTemp(root, ".withdraw-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(aside)
	for file, rows := range files {
		if err := write(filepath.Join(aside, file), rows); err != nil {
			return "", err
		}
	}
	err = errors.Join(write(filepath.Join(aside, "crawl.json"), []byte("{\"mode\": \"delta\"}\n")), os.Chmod(aside, 0o755))
	if err != nil {
		return "", err
	}
	if err := os.Rename(aside, target); err != nil {
		return "", fmt.Errorf("%w: if %s is a folder without crawl.json, remove it and run the same command again", err, target)
	}
	return name, nil
}

// write makes a file that is on the disk when it returns.
func write(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}
