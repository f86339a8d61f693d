// Package withdraw takes articles down: it reads the list of them, writes the crawl of deletions that Realign takes into the
// catalogue, and finds the catalogue entries, data sets and models that still hold them.
package withdraw

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"crosssum/schemas"
)

// Article is the identity of an article.
type Article struct {
	Language string `json:"language"`
	ID       string `json:"id"`
}

// maxLine bounds a line of the list.
const maxLine = 1 << 20

// ReadList reads the articles to withdraw from a file, "-" for standard input: lines of a language, a tab and an id, or of
// {"language": ..., "id": ...}. Empty lines and lines that begin with # are passed over; an article given twice is one. The
// list is sorted. Any other line is an error that names it: a takedown is not done by halves.
func ReadList(path string) ([]Article, error) {
	in := os.Stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	list, err := readList(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

func readList(in io.Reader) ([]Article, error) {
	var list []Article
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if text := bytes.TrimSpace(line); len(text) == 0 || text[0] == '#' {
			continue
		}
		a, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		list = append(list, a)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("names no article; wanted lines of a language, a tab and an id, or of {\"language\": ..., \"id\": ...}")
	}
	slices.SortFunc(list, Article.compare)
	return slices.Compact(list), nil
}

func parse(line []byte) (a Article, err error) {
	if !utf8.Valid(line) {
		return a, fmt.Errorf("is not UTF-8")
	}
	if line[0] == '{' {
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&a); err != nil {
			return a, fmt.Errorf("wanted {\"language\": ..., \"id\": ...}: %w", schemas.InJSONsWords(err))
		}
		if d.More() {
			return a, fmt.Errorf("something follows the object")
		}
	} else {
		language, id, ok := strings.Cut(string(line), "\t")
		if !ok || strings.Contains(id, "\t") {
			return a, fmt.Errorf("%.80q: wanted a language, a tab and an id", line)
		}
		a = Article{language, id}
	}
	if a.ID == "" {
		return a, fmt.Errorf("the id is empty")
	}
	if _, err := schemas.LanguageByName(a.Language); err != nil {
		return a, err
	}
	return a, nil
}

func (a Article) compare(b Article) int {
	return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.ID, b.ID))
}
