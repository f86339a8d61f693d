package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/t5"
	"crosssum/internal/training/trained"
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

// Files of a data set's folder that was tokenized.
const (
	folderSamples = "samples.arrow"
	folderTokens  = "tokens.arrow"
)

// tokenizeFolder makes of the training files of a data set what a run has of its own: samples (schemas.SampleRow) and ids (schemas.TokensRow),
// in to. The rows do not name their articles, so each text and each summary stands for one, under its own name; equal ones of a language are
// tokenized once.
func tokenizeFolder(ctx context.Context, dir, to string, tokenizer *t5.Tokenizer, limits engine.TokenizeRequest, alive func(articles int64)) (err error) {
	files, err := splitFiles(dir, "train")
	if err != nil {
		return err
	}
	samples, err := arrowfile.Create[schemas.SampleRow](filepath.Join(to, folderSamples))
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
	type part struct { // of a row
		language string
		summary  bool
		digest   [8]byte
	}
	names := map[part]string{}
	name := func(p part, f field) (string, error) {
		if known, ok := names[p]; ok {
			return known, nil
		}
		s, err := f.text()
		if err != nil {
			return "", err
		}
		next := &pending{language: p.language, id: "text " + trained.Text(s), text: &s}
		if p.summary {
			next = &pending{language: p.language, id: "summary " + trained.Text(s), summary: &s}
		}
		names[p] = next.id
		return next.id, tokens.add(next)
	}
	err = eachRow(files, func(file pairFile, r row) error {
		from, err := name(part{file.source, false, r.text.digest}, r.text)
		if err != nil {
			return err
		}
		to, err := name(part{file.target, true, r.summary.digest}, r.summary)
		return errors.Join(ctx.Err(), err, samples.Append(schemas.SampleRow{SourceLanguage: file.source, SourceID: from,
			TargetLanguage: file.target, TargetID: to, Split: "train"}))
	})
	if err == nil && samples.Rows() == 0 {
		return invalid("%s: its files <source>-<target>_train.jsonl are empty: a sample is a line, {\"text\": ..., \"summary\": ...}", dir)
	}
	return err
}
