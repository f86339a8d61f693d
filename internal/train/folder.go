package train

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"crosssum/internal/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/t5"
	"crosssum/internal/trained"
	"crosssum/schemas"
)

// maxSampleLine bounds one row of a data set.
const maxSampleLine = 16 << 20

var splitFile = regexp.MustCompile(`^([a-z0-9_]+)-([a-z0-9_]+)_(train|val)\.jsonl$`)

// pairFile is a file of a data set in CrossSum's layout: the rows of a directed pair of languages in one split.
type pairFile struct{ path, name, source, target string }

// splitFiles lists the files <source>-<target>_<split>.jsonl of a data set, in name order.
func splitFiles(dir, split string) (files []pairFile, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, invalid("%v: --data is a folder of <source>-<target>_train.jsonl", err)
	}
	for _, e := range entries {
		m, path := splitFile.FindStringSubmatch(e.Name()), filepath.Join(dir, e.Name())
		switch {
		case m == nil && strings.Contains(e.Name(), "_"+split+".jsonl"): // to pass it over would be to train on less than there is
			return nil, invalid("%s: not the name of a data set's file: that is <source>-<target>_%s.jsonl, not compressed, with names of languages "+
				"in a-z, 0-9 and _: rename or unpack it, or take it out", path, split)
		case m == nil || m[3] != split:
		case !e.Type().IsRegular():
			return nil, invalid("%s: a link or no file: put the file itself there (cp -L, or a hard link: ln), or take it out", path)
		default:
			files = append(files, pairFile{path, e.Name(), m[1], m[2]})
		}
	}
	if len(files) == 0 && split == "train" {
		return nil, invalid("%s: no file <source>-<target>_train.jsonl in it", dir)
	}
	return files, nil
}

// row is a row of a data set.
type row struct{ text, summary string }

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
		for _, r := range l.rows {
			if err := do(l.file, r); err != nil {
				return err
			}
		}
		if l.err != nil {
			return invalid("%s, line %d: %v: every line is a JSON object with the strings \"text\" and \"summary\", in UTF-8 without a byte order mark, "+
				"not compressed: correct the line or remove it", l.file.path, l.first+len(l.rows), l.err)
		}
	}
	return nil
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
	reader, bytes := bufio.NewReaderSize(file, 64<<10), 0
	for {
		line, err := readLine(reader, maxSampleLine)
		if errors.Is(err, io.EOF) {
			if n := len(next.lines); n > 0 && strings.TrimSpace(string(next.lines[n-1])) == "" { // as editors leave it
				next.lines = next.lines[:n-1]
			}
			return send()
		}
		if err != nil {
			next.err = err
			return send()
		}
		next.lines, bytes = append(next.lines, line), bytes+len(line)
		if len(next.lines) == lotLines || bytes >= lotBytes {
			if bytes = 0; !send() {
				return false
			}
		}
	}
}

func (l *lot) parse() {
	defer close(l.parsed)
	for _, line := range l.lines {
		var fields struct{ Text, Summary *string }
		err := json.Unmarshal(line, &fields)
		if err == nil && (fields.Text == nil || fields.Summary == nil) {
			err = errors.New("field text or summary is missing")
		}
		if err == nil && (*fields.Text == "" || *fields.Summary == "") {
			err = errors.New("text or summary is empty")
		}
		if err != nil {
			l.err = err
			return
		}
		l.rows = append(l.rows, row{*fields.Text, *fields.Summary})
	}
	l.lines = nil
}

// Files of a data set's folder that was tokenized.
const (
	folderSamples = "samples.arrow"
	folderTokens  = "tokens.arrow"
)

// tokenizeFolder makes of the training files of a data set what a run has of its own: samples (schemas.Sample) and ids (schemas.Tokens),
// in to. The rows do not name their articles, so each text and each summary stands for one, named by textID or summaryID; equal ones
// of a language are tokenized once.
func tokenizeFolder(ctx context.Context, dir, to string, tokenizer *t5.Tokenizer, limits engine.TokenizeRequest, alive func(articles int64)) (err error) {
	files, err := splitFiles(dir, "train")
	if err != nil {
		return err
	}
	samples, err := arrowfile.Create(filepath.Join(to, folderSamples), schemas.Sample, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, samples.Close()) }()
	limits.Input, limits.Output = dir, filepath.Join(to, folderTokens)
	tokens, err := createTokens(tokenizer, limits, alive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tokens.close()) }()
	known := map[articleKey]bool{}
	add := func(p *pending) error {
		if key := (articleKey{p.language, p.id}); !known[key] {
			known[key] = true
			return tokens.add(p)
		}
		return nil
	}
	err = eachRow(files, func(file pairFile, r row) error {
		from, to := textID+trained.Text(r.text), summaryID+trained.Text(r.summary)
		return errors.Join(ctx.Err(),
			add(&pending{language: file.source, id: from, text: &r.text}),
			add(&pending{language: file.target, id: to, summary: &r.summary}),
			samples.Append(file.source, from, file.target, to, "train"))
	})
	if err == nil && samples.Rows() == 0 {
		return invalid("%s: its files <source>-<target>_train.jsonl are empty: a sample is a line, {\"text\": ..., \"summary\": ...}", dir)
	}
	return err
}

// What names a text and a summary of a data set's folder, before its trained.Text.
const textID, summaryID = "text ", "summary "
