// Package tokenizer cuts text into the token ids that encoders were trained on.
package tokenizer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"crosssum/internal/artifact/bounded"
)

// Tokenizer turns a text into at most maxTokens ids (3 at least), special tokens included; they survive truncation. It is
// safe for concurrent use.
type Tokenizer interface {
	Encode(text string, maxTokens int) ([]int32, error)
	Size() int // ids are below it
}

const (
	spmFile        = "sentencepiece.bpe.model"
	jsonFile       = "tokenizer.json"
	vocabularyFile = "vocab.txt"
	configFile     = "tokenizer_config.json"
	specialsFile   = "special_tokens_map.json"
	addedFile      = "added_tokens.json"
)

// Load reads the tokenizer of a Hugging Face directory: sentencepiece.bpe.model where there is one, else tokenizer.json,
// else vocab.txt, with the settings of tokenizer_config.json. class is config.json's tokenizer_class, which is asked
// where tokenizer_config.json names none, rows its vocab_size. wordPiece tells whether it is BERT's own tokenizer.
func Load(dir, class string, rows int) (t Tokenizer, c *Config, wordPiece bool, err error) {
	if c, err = readConfig(dir, class); err != nil {
		return nil, nil, false, err
	}
	if exists(filepath.Join(dir, spmFile)) {
		if t, err = LoadXLMR(dir, rows); err == nil {
			err = c.checkSpecials(dir)
		}
		return t, c, false, err
	}
	more, err := readListed(dir)
	if err != nil {
		return nil, nil, false, err
	}
	if path := filepath.Join(dir, jsonFile); exists(path) {
		f, err := readFile(path)
		if err != nil {
			return nil, nil, false, err
		}
		if f.Model.Type == "WordPiece" && c.isBERT() {
			t, err = newBERT(f.Model.Pieces, c, more, rows)
		} else if err = more.only(f.AddedTokens, rows); err == nil {
			t, err = f.tokenizer(true)
		}
		return t, c, f.Model.Type == "WordPiece", wrap(path, err)
	}
	path := filepath.Join(dir, vocabularyFile)
	b, err := bounded.Read(path, maxVocabularyBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, false, fmt.Errorf("%s: holds none of %s, %s and %s", dir, spmFile, jsonFile, vocabularyFile)
	}
	if err != nil {
		return nil, nil, false, err
	}
	if !c.isBERT() {
		return nil, nil, false, fmt.Errorf("%s: tokenizer_class is %q; a %s without %s is read for BertTokenizer only",
			filepath.Join(dir, configFile), c.Class, vocabularyFile, jsonFile)
	}
	vocabulary, err := parseVocabulary(b)
	if err == nil {
		t, err = newBERT(vocabulary, c, more, rows)
	}
	return t, c, true, wrap(path, err)
}

// LoadStatic reads tokenizer.json as it stands and adds no special tokens: sentence-transformers' StaticEmbedding.
// limit is the truncation that the file sets, 0 for none.
func LoadStatic(dir string) (t Tokenizer, limit int, err error) {
	path := filepath.Join(dir, jsonFile)
	f, err := readFile(path)
	if err != nil {
		return nil, 0, err
	}
	t, err = f.tokenizer(false)
	return t, f.limit(), wrap(path, err)
}

// wrap says which file an error is of, where it does not name one of the folder itself.
func wrap(path string, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), filepath.Dir(path)) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
