package filetools

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"crosssum/internal/cli"
	"crosssum/internal/model/encode"
	"crosssum/internal/model/settings"
	"crosssum/internal/model/t5"
	"crosssum/schemas"
)

// tokenize writes the ids of each line.
func tokenize(args []string) error {
	set := cli.New("tokenize", "tokenize --model DIR [--max-tokens N] [--json] [--input F]",
		"Reads texts, one a line (every line is a text, the empty one too), and writes the token ids of each as a JSON array on a line\n"+
			"of its own, special tokens included: what the model of the directory sees, encoder or summarizer. "+modelText+"; a summarizer's\n"+
			"has spiece.model, and its ids are those of an article: the language of a summary is told to the decoder alone.",
		"echo 'an image viewer' | ./crosssum tokenize --model build/models/multilingual-e5-small", nil)
	model := set.String("model", "", "directory of the encoder or summarizer")
	most := set.Int("max-tokens", 0, "longest list, special tokens included (0: what the directory says, or the encoder takes; of a summarizer, all)")
	path := set.String("input", "", "file of texts (default: the standard input)")
	asJSON := set.Bool("json", false, "each line is a JSON string, so that a text can hold a line feed")
	if err := cli.Parse(set, args, "model"); err != nil {
		return err
	}
	l, total, closing, err := input(*path, *asJSON)
	if err != nil {
		return err
	}
	defer closing()
	report, end := progress("tokenize")
	defer end()
	ids, err := tokenizer(*model, *most)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	for n := int64(1); ; n++ {
		text, err := l.next()
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return errors.Join(out.Flush(), err)
		}
		list, err := ids(text)
		if err != nil {
			return errors.Join(out.Flush(), l.bad(int(n), "%v", err))
		}
		if _, err := out.Write(jsonArray(list)); err != nil {
			return err
		}
		if n%1024 == 0 {
			report(schemas.Progress{Done: n, Total: total, Of: "lines"})
		}
	}
}

// tokenizer gives the function that cuts texts into the ids that the model of a directory sees.
func tokenizer(dir string, most int) (func(text string) ([]int32, error), error) {
	if !isSummarizer(dir) {
		return encode.Tokenizer(dir, most)
	}
	config, err := t5.LoadConfig(dir)
	if err != nil {
		return nil, err
	}
	tokens, err := t5.LoadTokenizer(dir, config)
	if err != nil {
		return nil, err
	}
	if most < 0 {
		return nil, fmt.Errorf("--max-tokens: %d is negative", most)
	}
	limit := cmp.Or(most, math.MaxInt)
	return func(text string) ([]int32, error) { return tokens.Source(text, limit) }, nil
}

// isSummarizer tells whether a directory is to be read as that of a summarizer: by its model_type, where it has a config.json, else by its
// vocabulary. With modules.json it is an encoder's, whatever lies beneath.
func isSummarizer(dir string) bool {
	has := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	if has("modules.json") {
		return false
	}
	raw, err := settings.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return has("spiece.model")
	}
	var config struct {
		ModelType string `json:"model_type"`
	}
	return json.Unmarshal(raw, &config) == nil && (config.ModelType == "mt5" || config.ModelType == "t5")
}

// jsonArray is a JSON array and a line feed.
func jsonArray(ids []int32) []byte {
	line := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			line = append(line, ", "...)
		}
		line = strconv.AppendInt(line, int64(id), 10)
	}
	return append(line, "]\n"...)
}
