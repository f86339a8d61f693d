// Package export writes a data set as CrossSum's JSON lines: text in the source language, summary in the target language.
package export

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"crosssum/internal/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// Input names what is exported: the samples whose source is Source. Articles gives the path of schemas.Article by language.
type Input struct {
	Source   string
	Samples  string // of schemas.Sample
	Articles map[string]string
}

// target is a sample's other half.
type target struct{ language, id, split string }

// half is what a target article gives to a row.
type half struct{ url, summary string }

// Run writes <source>-<target>_<train|val|test>.jsonl into dir for every pair that has samples, rows in (source id, target
// id) order. It holds the samples of one source language and the summaries that they name; texts are streamed. progress is
// called with the number of rows written. Counts: samples, files.
func Run(in Input, dir string, progress func(done, total int64)) (map[string]int64, error) {
	wanted, needed, total, err := readSamples(in)
	if err != nil {
		return nil, err
	}
	halves, err := readHalves(in, needed)
	if err != nil {
		return nil, err
	}
	out := &files{dir: dir, source: in.Source, open: map[string]*file{}}
	rows, buffer := int64(0), []byte(nil)
	err = arrowfile.Each(in.Articles[in.Source], schemas.Article, func(row arrowfile.Row) error {
		id := row.Str(1)
		for _, t := range wanted[id] {
			other := halves[t.language][t.id]
			buffer = appendRow(buffer[:0], row.Str(2), other.url, other.summary, row.Str(5))
			if err := out.write(t, buffer); err != nil {
				return err
			}
			if rows++; rows%4096 == 0 {
				progress(rows, total)
			}
		}
		delete(wanted, id)
		return nil
	})
	if err = errors.Join(err, out.close()); err != nil {
		return nil, err
	}
	if rows != total {
		return nil, corrupt("%d of the %d samples of %s name articles that are not there", total-rows, total, in.Source)
	}
	progress(rows, total)
	return map[string]int64{"samples": rows, "files": int64(len(out.open))}, nil
}

// readSamples lists the targets of every source article, and the target articles that are needed, by language.
func readSamples(in Input) (wanted map[string][]target, needed map[string]map[string]bool, total int64, err error) {
	if in.Articles[in.Source] == "" {
		return nil, nil, 0, corrupt("there are no articles of %s", in.Source)
	}
	wanted, needed = map[string][]target{}, map[string]map[string]bool{}
	err = arrowfile.Each(in.Samples, schemas.Sample, func(row arrowfile.Row) error {
		if row.Str(0) != in.Source {
			return nil
		}
		t := target{arrowfile.Clone(row.Str(2)), arrowfile.Clone(row.Str(3)), arrowfile.Clone(row.Str(4))}
		switch t.split {
		case "train", "val", "test":
		default:
			return corrupt("sample %s/%s to %s/%s has split %q", in.Source, row.Str(1), t.language, t.id, t.split)
		}
		wanted[arrowfile.Clone(row.Str(1))] = append(wanted[row.Str(1)], t)
		if needed[t.language] == nil {
			needed[t.language] = map[string]bool{}
		}
		needed[t.language][t.id] = true
		total++
		return nil
	})
	return wanted, needed, total, err
}

// readHalves reads URL and summary of the needed articles.
func readHalves(in Input, needed map[string]map[string]bool) (map[string]map[string]half, error) {
	halves := map[string]map[string]half{}
	languages := make([]string, 0, len(needed))
	for language := range needed {
		languages = append(languages, language)
	}
	sort.Strings(languages)
	for _, language := range languages {
		path, ok := in.Articles[language]
		if !ok {
			return nil, corrupt("samples of %s name articles of %s, of which there are none", in.Source, language)
		}
		of := make(map[string]half, len(needed[language]))
		err := arrowfile.Each(path, schemas.Article, func(row arrowfile.Row) error {
			if needed[language][row.Str(1)] {
				of[arrowfile.Clone(row.Str(1))] = half{arrowfile.Clone(row.Str(2)), arrowfile.Clone(row.Str(4))}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if missing := len(needed[language]) - len(of); missing > 0 {
			return nil, corrupt("%d articles of %s that samples of %s name are not there", missing, language, in.Source)
		}
		halves[language] = of
	}
	return halves, nil
}

// files are the open outputs by name.
type files struct {
	dir, source string
	open        map[string]*file
}

type file struct {
	*bufio.Writer
	under *os.File
}

func (f *files) write(t target, row []byte) error {
	name := fmt.Sprintf("%s-%s_%s.jsonl", f.source, t.language, t.split)
	to, ok := f.open[name]
	if !ok {
		under, err := os.OpenFile(filepath.Join(f.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		to = &file{bufio.NewWriterSize(under, 32<<10), under}
		f.open[name] = to
	}
	_, err := to.Write(row)
	return err
}

func (f *files) close() (err error) {
	for _, to := range f.open {
		err = errors.Join(err, to.Flush(), to.under.Close())
	}
	return err
}

func corrupt(format string, args ...any) error {
	return &engine.Error{Type: schemas.CorruptObject, Message: "export: " + fmt.Sprintf(format, args...)}
}
