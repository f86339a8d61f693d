package train

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"crosssum/internal/model/t5"
	"crosssum/internal/sampling"
	"crosssum/schemas"
)

// maxSampleLine bounds one row of a data set.
const maxSampleLine = 16 << 20

var trainFile = regexp.MustCompile(`^([a-z0-9_]+)-([a-z0-9_]+)_train\.jsonl$`)

// trainFiles lists the training files of a data set in CrossSum's layout, <source>-<target>_train.jsonl, in name order.
func trainFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, invalid("%v", err)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && trainFile.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, invalid("%s: no file <source>-<target>_train.jsonl in it", dir)
	}
	return names, nil
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
	names, err := trainFiles(dir)
	if err != nil {
		return nil, err
	}
	f := &folderReader{&dataset{}, tokenizer, params, map[[32]byte]int32{}, map[[32]byte]int32{}}
	for _, name := range names {
		languages := trainFile.FindStringSubmatch(name)
		f.dataset.pairs = append(f.dataset.pairs, sampling.Pair{Source: languages[1], Target: languages[2]})
		f.examples = append(f.examples, nil)
		if err := f.file(filepath.Join(dir, name), alive); err != nil {
			return nil, err
		}
	}
	return f.dataset, nil
}

func (f *folderReader) file(path string, alive func(int64)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	k := len(f.examples) - 1
	reader := bufio.NewReaderSize(file, 1<<20)
	for n := 1; ; n++ {
		line, err := readLine(reader, maxSampleLine)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = f.row(k, line)
		}
		if err != nil {
			return invalid("%s, line %d: %v", path, n, err)
		}
		if f.articles++; f.articles%1000 == 0 {
			alive(f.articles)
		}
	}
}

func (f *folderReader) row(k int, line []byte) error {
	var row struct {
		Text    *string `json:"text"`
		Summary *string `json:"summary"`
	}
	if err := json.NewDecoder(bytes.NewReader(line)).Decode(&row); err != nil {
		return err
	}
	if row.Text == nil || row.Summary == nil {
		return fmt.Errorf("field text or summary is missing")
	}
	source, err := once(f.texts, *row.Text, &f.sources, func() ([]int32, error) { return f.tokenizer.Source(*row.Text, f.params.SourceTokens) })
	if err != nil {
		return err
	}
	target, err := once(f.summaries, *row.Summary, &f.labels, func() ([]int32, error) {
		ids, dropped, err := f.tokenizer.Label(*row.Summary, f.params.TargetTokens)
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
