package t5

import (
	"fmt"
	"path/filepath"
)

// Check is Load without the values of the weights, which it neither reads nor has room for: what a directory lacks is known in a moment.
func Check(dir string) (*Config, *Tokenizer, error) {
	config, err := LoadConfig(dir)
	if err != nil {
		return nil, nil, missing(err)
	}
	tokenizer, err := LoadTokenizer(dir, config)
	if err != nil {
		return nil, nil, missing(err)
	}
	path := filepath.Join(dir, weightsFile)
	file, err := openWeights(path)
	if err != nil {
		return nil, nil, missing(err)
	}
	defer file.Close()
	if _, err := config.match(file); err != nil {
		return nil, nil, missing(fmt.Errorf("%s: %w", path, err))
	}
	return config, tokenizer, nil
}
