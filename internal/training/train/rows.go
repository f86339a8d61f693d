package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"unicode/utf8"

	"crosssum/internal/artifact/lines"
	"crosssum/internal/model/texts"
	"crosssum/schemas"
)

// row is a row of a data set.
type row struct{ text, summary field }

// field is a JSON string as it stands in a file. The same texts come again and again, so that reading them is left until one is new.
type field struct {
	literal []byte
	digest  [8]byte // the start of its SHA-256
}

// badRow is an error of what stands in a row.
type badRow struct{ error }

func newField(literal []byte) field {
	sum := sha256.Sum256(literal)
	return field{literal, [8]byte(sum[:8])}
}

// text is what the string says.
func (f field) text() (s string, err error) {
	if !utf8.Valid(f.literal) {
		return "", badRow{errors.New("it is not UTF-8")}
	}
	if err := json.Unmarshal(f.literal, &s); err != nil {
		return "", badRow{err}
	}
	if texts.Blank(s) {
		return "", badRow{errors.New("text or summary holds white space and invisible characters alone")}
	}
	return s, nil
}

// lot are some lines of a file, parsed beside the reading of others.
type lot struct {
	file   pairFile
	first  int // line
	lines  [][]byte
	rows   []row
	err    error         // behind the rows
	parsed chan struct{} // closed when it is
}

// A lot has lotLines lines, or fewer that are lotBytes together.
const lotLines, lotBytes = 256, 1 << 20

// eachRow calls do with every row of the files, in order. Lines are parsed on all processors that the engine was given.
func eachRow(files []pairFile, do func(file pairFile, r row) error) error {
	lots, over := make(chan *lot, runtime.GOMAXPROCS(0)), make(chan struct{})
	defer func() {
		close(over)
		for range lots { // until the reader has ended
		}
	}()
	go func() {
		defer close(lots)
		for _, file := range files {
			if !file.read(lots, over) {
				return
			}
		}
	}()
	for l := range lots {
		<-l.parsed
		for i, r := range l.rows {
			err := do(l.file, r)
			if bad := (badRow{}); errors.As(err, &bad) {
				return l.bad(i, bad)
			}
			if err != nil {
				return err
			}
		}
		if l.err != nil {
			return l.bad(len(l.rows), l.err)
		}
	}
	return nil
}

func (l *lot) bad(row int, err error) error {
	return invalid("%s, line %d: %v: every line is a JSON object with the strings \"text\" and \"summary\", in UTF-8 without a byte order mark, "+
		"not compressed: correct the line or remove it", l.file.path, l.first+row, err)
}

// read sends the lines of a file, of which a last lot may have an error. It gives up when over is closed, or behind an error: false.
func (f pairFile) read(lots chan<- *lot, over <-chan struct{}) bool {
	next := &lot{file: f, first: 1}
	send := func() bool {
		l := next
		next = &lot{file: f, first: l.first + len(l.lines)}
		l.parsed = make(chan struct{})
		whole := l.err == nil
		go l.parse()
		select {
		case lots <- l:
			return whole
		case <-over:
			return false
		}
	}
	file, err := os.Open(f.path)
	if err != nil {
		next.err = err
		return send()
	}
	defer file.Close()
	reader, size := lines.NewReader(file, maxSampleLine), 0
	for {
		line, err := reader.Next()
		if errors.Is(err, io.EOF) {
			if n := len(next.lines); n > 0 && len(bytes.TrimSpace(next.lines[n-1])) == 0 { // as editors leave it
				next.lines = next.lines[:n-1]
			}
			return send()
		}
		if err != nil {
			next.err = err
			return send()
		}
		next.lines, size = append(next.lines, bytes.Clone(line)), size+len(line)
		if len(next.lines) == lotLines || size >= lotBytes {
			if size = 0; !send() {
				return false
			}
		}
	}
}

func (l *lot) parse() {
	defer close(l.parsed)
	for _, line := range l.lines {
		text, summary := stringsOf(line)
		if text == nil || summary == nil { // no flat object of strings
			var fields struct{ Text, Summary json.RawMessage }
			if l.err = schemas.InJSONsWords(json.Unmarshal(line, &fields)); l.err != nil {
				return
			}
			text, summary = fields.Text, fields.Summary
		}
		switch {
		case text == nil || summary == nil:
			l.err = errors.New("field text or summary is missing")
		case text[0] != '"' || summary[0] != '"':
			l.err = errors.New("text or summary is not a string")
		case len(text) == 2 || len(summary) == 2:
			l.err = errors.New("text or summary is empty")
		}
		if l.err != nil {
			return
		}
		l.rows = append(l.rows, row{newField(text), newField(summary)})
	}
}

// stringsOf finds the values of "text" and "summary" in a line that is a JSON object of strings alone, without looking into them: it is several
// times as fast as a parser. nil: they are not there, or the line is something else.
func stringsOf(line []byte) (text, summary []byte) {
	rest := bytes.TrimSpace(line)
	for open := byte('{'); len(rest) > 0 && rest[0] == open; open = ',' {
		key, after := stringAt(rest[1:])
		if after = bytes.TrimLeft(after, space); len(after) == 0 || after[0] != ':' {
			return nil, nil
		}
		value, after := stringAt(after[1:])
		if value == nil {
			return nil, nil
		}
		switch string(key) {
		case `"text"`:
			text = value
		case `"summary"`:
			summary = value
		}
		rest = bytes.TrimLeft(after, space)
	}
	if string(rest) != "}" {
		return nil, nil
	}
	return text, summary
}

const space = " \t\r\n"

// stringAt is the JSON string that b begins with, in its quotes, and what is behind it; nil if b does not begin with one.
func stringAt(b []byte) (literal, after []byte) {
	b = bytes.TrimLeft(b, space)
	if len(b) == 0 || b[0] != '"' {
		return nil, nil
	}
	for end := 1; ; end++ {
		quote := bytes.IndexByte(b[end:], '"')
		if quote < 0 {
			return nil, nil
		}
		end += quote
		escapes := 0
		for b[end-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return b[:end+1], b[end+1:]
		}
	}
}
