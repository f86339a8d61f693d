package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/mining/gold"

	"github.com/klauspost/compress/zstd"
)

// line is one row of a crawl file, in XL-Sum's order.
type line struct {
	ID      string `json:"id"`
	URL     string `json:"url"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
	Text    string `json:"text"`
}

// idOf is the identity of an entry within its language: a hash of language and key, so that neither an id nor the order
// of rows by id says which articles are translations of each other. It is the same in every suite: a later crawl
// replaces what has changed under one key.
func idOf(e gold.Entry) string {
	sum := sha256.Sum256([]byte("article\x00" + e.Language + "\x00" + e.Key))
	return hex.EncodeToString(sum[:8])
}

// WriteCrawl makes a crawl folder of entries: <language>.jsonl.zst by id, LICENSE.md where there is a note, then crawl.json; and its
// gold (language, id, key, packages) outside of it, in <parent>/gold/<name>.tsv.gz. origin is written into the rows' URLs. The folder
// appears complete or not at all.
func WriteCrawl(folder, origin, licence string, entries []gold.Entry) error {
	entries = slices.SortedFunc(slices.Values(entries), func(a, b gold.Entry) int {
		return cmp.Or(strings.Compare(a.Language, b.Language), strings.Compare(idOf(a), idOf(b)))
	})
	if err := os.MkdirAll(filepath.Dir(goldPath(folder)), 0o755); err != nil {
		return err
	}
	return atomicfile.Folder(folder, func(aside string) error {
		for start := 0; start < len(entries); {
			end := start
			for end < len(entries) && entries[end].Language == entries[start].Language {
				end++
			}
			if err := writeLanguage(filepath.Join(aside, entries[start].Language+".jsonl.zst"), origin, entries[start:end]); err != nil {
				return err
			}
			start = end
		}
		if licence != "" {
			if err := os.WriteFile(filepath.Join(aside, "LICENSE.md"), []byte(licence), 0o644); err != nil {
				return err
			}
		}
		if err := writeGold(goldPath(folder), entries); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(aside, "crawl.json"), []byte("{\"mode\": \"snapshot\"}\n"), 0o644)
	})
}

func writeLanguage(path, origin string, entries []gold.Entry) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	z, err := zstd.NewWriter(file, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	rows := json.NewEncoder(z)
	rows.SetEscapeHTML(false)
	for _, e := range entries {
		id := idOf(e)
		if err := rows.Encode(line{id, "urn:debian:" + origin + ":" + e.Language + ":" + id, e.Title, e.Summary, e.Text}); err != nil {
			return err
		}
	}
	return z.Close()
}

func writeGold(path string, entries []gold.Entry) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	fmt.Fprintln(z, "language\tid\tkey\tpackages")
	for _, e := range entries {
		fmt.Fprintf(z, "%s\t%s\t%s\t%s\n", e.Language, idOf(e), e.Key, strings.Join(e.Packages, ","))
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
