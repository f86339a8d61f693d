package sentencepiece

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// toyText is what normalization models are trained on: any text does.
const toyText = "a b c d e\nf g h i j\n"

// NormalizationModel trains a model of a few pieces whose normalizer_spec holds the library's compiled map of rule
// ("nmt_nfkc", ...). The library gives its built-in maps away in no other form.
func NormalizationModel(rule string) ([]byte, error) {
	return toy(func(string) (TrainOptions, error) { return TrainOptions{Normalization: rule}, nil })
}

// CompileNormalization trains a model of a few pieces whose normalizer_spec holds the compiled map of rules: text ->
// what stands for it, longest match first. Texts must not be empty.
func CompileNormalization(rules map[string]string) ([]byte, error) {
	return toy(func(dir string) (TrainOptions, error) {
		var lines []string
		for from, to := range rules {
			if from == "" {
				return TrainOptions{}, fmt.Errorf("compiling a normalization map: a rule for the empty text")
			}
			lines = append(lines, codePoints(from)+"\t"+codePoints(to)+"\n")
		}
		sort.Strings(lines)
		path := filepath.Join(dir, "rules.tsv")
		err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600)
		return TrainOptions{Extra: map[string]string{"normalization_rule_tsv": path}}, err
	})
}

// codePoints writes a text as SentencePiece's rule files do: code points in hexadecimal, divided by spaces.
func codePoints(s string) string {
	var out []string
	for _, r := range s {
		out = append(out, fmt.Sprintf("%X", r))
	}
	return strings.Join(out, " ")
}

func toy(options func(dir string) (TrainOptions, error)) ([]byte, error) {
	dir, err := os.MkdirTemp("", "sentencepiece-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	input := filepath.Join(dir, "toy.txt")
	if err := os.WriteFile(input, []byte(toyText), 0o600); err != nil {
		return nil, err
	}
	o, err := options(dir)
	if err != nil {
		return nil, err
	}
	if o.Extra == nil {
		o.Extra = map[string]string{}
	}
	o.Extra["hard_vocab_limit"] = "false"
	o.VocabularySize, o.CharacterCoverage, o.Threads = 14, 1, 1
	o.Unk, o.Bos, o.Eos, o.Pad = 0, 1, 2, -1
	return Train(input, o)
}
