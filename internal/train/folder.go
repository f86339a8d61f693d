package train

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"crosssum/internal/model/t5"
	"crosssum/internal/sampling"
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

// eachRow calls do with the text and the summary of each row.
func (f pairFile) eachRow(do func(text, summary string) error) error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	reader := bufio.NewReaderSize(file, 1<<20)
	for n := 1; ; n++ {
		line, err := readLine(reader, maxSampleLine)
		if errors.Is(err, io.EOF) {
			return nil
		}
		var row struct{ Text, Summary *string }
		if err == nil {
			err = json.Unmarshal(line, &row)
		}
		if err == nil && (row.Text == nil || row.Summary == nil) {
			err = errors.New("field text or summary is missing")
		}
		if err == nil {
			err = do(*row.Text, *row.Summary)
		}
		if err != nil {
			return invalid("%s, line %d: %v", f.path, n, err)
		}
	}
}

// folderReader reads a data set's rows; equal texts and equal summaries are tokenized once.
type folderReader struct {
	*dataset
	tokenizer *t5.Tokenizer
	params    schemas.TrainParams
	texts     map[[32]byte]int32
	summaries map[[32]byte]int32
}

// loadFolder reads the training files of a data set in CrossSum's layout.
func loadFolder(dir string, tokenizer *t5.Tokenizer, params schemas.TrainParams, alive func(articles int64)) (*dataset, error) {
	files, err := splitFiles(dir, "train")
	if err != nil {
		return nil, err
	}
	f := &folderReader{&dataset{}, tokenizer, params, map[[32]byte]int32{}, map[[32]byte]int32{}}
	for k, file := range files {
		f.dataset.pairs = append(f.dataset.pairs, sampling.Pair{Source: file.source, Target: file.target})
		f.examples = append(f.examples, nil)
		err := file.eachRow(func(text, summary string) error {
			if f.articles++; f.articles%1000 == 0 {
				alive(f.articles)
			}
			return f.row(k, text, summary)
		})
		if err != nil {
			return nil, err
		}
	}
	return f.dataset, nil
}

func (f *folderReader) row(k int, text, summary string) error {
	source, err := once(f.texts, text, &f.sources, func() ([]int32, error) { return f.tokenizer.Source(text, f.params.SourceTokens) })
	if err != nil {
		return err
	}
	target, err := once(f.summaries, summary, &f.labels, func() ([]int32, error) {
		ids, dropped, err := f.tokenizer.Label(summary, f.params.TargetTokens)
		f.dropped += dropped
		return ids, err
	})
	f.examples[k] = append(f.examples[k], example{source, target})
	f.dataset.pairs[k].Samples++
	return err
}

// once gives the place of a text's ids in list, made at its first appearance.
func once(seen map[[32]byte]int32, text string, list *[][]int32, make func() ([]int32, error)) (int32, error) {
	digest := sha256.Sum256([]byte(text))
	if at, ok := seen[digest]; ok {
		return at, nil
	}
	ids, err := make()
	at := int32(len(*list))
	*list, seen[digest] = append(*list, ids), at
	return at, err
}
