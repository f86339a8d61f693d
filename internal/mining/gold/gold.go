// Package gold compares accepted pairs with the true alignment of a corpus: precision and recall by language pair and in
// all, by key and by summary class, and what limits them.
package gold

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"crosssum/internal/artifact/unpack"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// maxBytes bounds a gold file after decompression, and maxRows its rows, some 150 bytes of memory each.
var maxBytes, maxRows int64 = 1 << 30, 10_000_000 // changed by tests alone

// Known is what the gold says about one article: articles of different languages with the same key are translations.
type Known struct {
	Key      string
	Packages []string
}

// Read reads a gold file: tab-separated with a header line "language id key packages" (packages separated by commas, may
// be missing), plain or gzipped. The result is by language, then id.
func Read(path string) (map[string]map[string]Known, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	buffered := bufio.NewReader(file)
	var in io.Reader = buffered
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		plain, err := unpack.Reader(".gz", buffered, 0)
		if err != nil {
			return nil, invalid("gold: not a readable gzip file: %v", err)
		}
		defer plain.Close()
		in = plain
	}
	limited := &io.LimitedReader{R: in, N: maxBytes}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, 1<<20)
	out, number := map[string]map[string]Known{}, int64(0)
	for lines.Scan() {
		if number++; number > maxRows+1 {
			return nil, invalid("gold: over %d rows", maxRows)
		}
		if limited.N == 0 {
			break // the line may be cut
		}
		field := strings.Split(lines.Text(), "\t")
		switch {
		case number == 1 && (len(field) < 3 || field[0] != "language" || field[1] != "id" || field[2] != "key"):
			return nil, invalid("gold: line 1 is %.80q, wanted the header language, id, key, packages separated by tabs", lines.Text())
		case number == 1:
			continue
		case len(field) < 3 || len(field) > 4 || field[0] == "" || field[1] == "" || field[2] == "":
			return nil, invalid("gold: line %d has %d fields or an empty one, wanted language, id, key, packages", number, len(field))
		}
		if out[field[0]] == nil {
			out[field[0]] = map[string]Known{}
		}
		if _, ok := out[field[0]][field[1]]; ok {
			return nil, invalid("gold: line %d gives %s/%s again", number, field[0], field[1])
		}
		r := Known{Key: field[2]}
		if len(field) == 4 && field[3] != "" {
			r.Packages = strings.Split(field[3], ",")
		}
		out[field[0]][field[1]] = r
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, invalid("gold: line %d is longer than 1 MiB", number+1)
		}
		return nil, invalid("gold: line %d: %v", number+1, err)
	}
	if limited.N == 0 {
		return nil, invalid("gold: larger than %d bytes after decompression", maxBytes)
	}
	if number == 0 {
		return nil, invalid("gold: the file is empty, wanted at least the header language, id, key, packages")
	}
	return out, nil
}

// neither says that two rows are the package's description and the application's: not translations of each other, yet about
// the same thing, so that a pair of them is neither right nor wrong.
func neither(a, b Known) bool {
	return source(a) != source(b) && slices.ContainsFunc(a.Packages, func(p string) bool { return slices.Contains(b.Packages, p) })
}

// source is the part of a key before the colon: "ddtp" or "appstream".
func source(r Known) string {
	name, _, _ := strings.Cut(r.Key, ":")
	return name
}

// sibling says that two summaries are nearly the same: all but one word of three or more (put in, taken out or replaced),
// all of one of three or more words, which the other goes on from ("... - documentation"), or all but a quarter of their characters, in one place, where there are no such words.
func sibling(a, b string) bool {
	if x, y := strings.Fields(a), strings.Fields(b); max(len(x), len(y)) >= 3 {
		rest := apart(x, y)
		return rest <= 1 || min(len(x), len(y)) >= 3 && rest == max(len(x), len(y))-min(len(x), len(y))
	}
	x, y := []rune(a), []rune(b)
	return 4*apart(x, y) <= max(len(x), len(y))
}

// apart is how long the longer of the two is between what they begin and what they end with alike.
func apart[T comparable](x, y []T) int {
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	return max(len(x), len(y))
}

func invalid(format string, args ...any) error {
	return fault.New(schemas.InvalidInput, format, args...)
}
