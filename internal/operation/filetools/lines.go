package filetools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"crosssum/internal/artifact/lines"
	"crosssum/schemas"
)

// maxLine bounds a line of input in bytes.
const maxLine = 64 << 20

// textLines reads texts, one a line: the line itself, or the JSON string that it holds. Every line is a text, the empty one too;
// only what follows the last line feed is none if it is empty.
type textLines struct {
	r    *lines.Reader
	name string // for errors
	json bool
	n    int // lines read
}

func newTexts(r io.Reader, name string, json bool) *textLines {
	return &textLines{r: lines.NewReader(r, maxLine), name: name, json: json}
}

// next is the next text; io.EOF after the last. A line that is not UTF-8, or not a JSON string where one is wanted, is an
// error with the number of the line, from 1.
func (l *textLines) next() (string, error) {
	line, err := l.r.Next()
	if errors.Is(err, lines.ErrTooLong) {
		return "", l.bad(l.n+1, "has more than %d bytes", maxLine)
	}
	if err != nil {
		return "", err
	}
	l.n++
	if !utf8.Valid(line) {
		return "", l.bad(l.n, "is not UTF-8")
	}
	if !l.json {
		return string(line), nil
	}
	return l.unquote(line)
}

func (l *textLines) unquote(line []byte) (string, error) {
	var v any
	if err := json.Unmarshal(line, &v); err != nil {
		return "", l.bad(l.n, "is not JSON: %v", schemas.InJSONsWords(err))
	}
	text, ok := v.(string)
	if !ok {
		return "", l.bad(l.n, "is JSON, but no string: %.60s", line)
	}
	const replacement = "\ufffd" // what Go makes of half a surrogate pair
	if raw := strings.ToLower(string(line)); strings.Contains(text, replacement) && !strings.Contains(raw, replacement) && !strings.Contains(raw, `\ufffd`) {
		return "", l.bad(l.n, "holds half of a surrogate pair, which is no character")
	}
	return text, nil
}

func (l *textLines) bad(n int, format string, args ...any) error {
	return fmt.Errorf("%s: line %d (row %d) %s", l.name, n, n-1, fmt.Sprintf(format, args...))
}

// until makes next end with ctx, even while it waits for a line that does not come. It reads ahead, in a goroutine that ends with
// the lines or with the process.
func until(ctx context.Context, next func() (string, error)) func() (string, error) {
	type line struct {
		text string
		err  error
	}
	lines := make(chan line, 256)
	go func() {
		for {
			text, err := next()
			select {
			case lines <- line{text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return func() (string, error) {
		select {
		case l := <-lines:
			return l.text, l.err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// input is where a tool reads its lines. path "" is the standard input, which cannot be read twice: total is 0 then. A file
// is read through once before, so that a bad line is told before hours of work.
func input(path string, json bool) (l *textLines, total int64, closing func(), err error) {
	if path == "" {
		return newTexts(os.Stdin, "standard input", json), 0, func() {}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, nil, err
	}
	closing = func() { file.Close() }
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		for l = newTexts(file, path, json); err == nil; total++ {
			_, err = l.next()
		}
		if !errors.Is(err, io.EOF) {
			closing()
			return nil, 0, nil, err
		}
		total--
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			closing()
			return nil, 0, nil, err
		}
	}
	return newTexts(file, path, json), total, closing, nil
}
