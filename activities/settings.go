package activities

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"crosssum/internal/fault"
	"crosssum/schemas"

	"gopkg.in/yaml.v3"
)

// maxCard bounds a model card.
const maxCard = 1 << 20

// settings answers what a run needs to know of temporal.yaml and of its encoder's model card. It is a local activity: its
// answer stands in history, and workflow code reads no file.
func (a *Activities) settings(_ context.Context, in schemas.SettingsInput) (schemas.Settings, error) {
	card, err := a.card(in.Encoder)
	if err == nil && card.Rule == "" { // a model that is not there has no card either: say what is wrong
		_, err = a.placeOf(in.Encoder)
	}
	if err == nil && in.Summarizer != "" {
		_, err = a.placeOf(in.Summarizer)
	}
	return schemas.Settings{Policies: a.Policies, Queues: a.Queues, Card: card}, err
}

// card reads the calibration in the YAML front matter of an encoder's README.md. A model without a card, or a card without
// calibration, has the zero EncoderCard: thresholds must then be given.
func (a *Activities) card(name string) (schemas.EncoderCard, error) {
	dirs, err := a.modelDirs(name)
	if err != nil {
		return schemas.EncoderCard{}, err
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, "README.md")
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return schemas.EncoderCard{}, err
		}
		b, err := io.ReadAll(io.LimitReader(f, maxCard))
		f.Close()
		if err != nil {
			return schemas.EncoderCard{}, err
		}
		front, ok := frontMatter(b)
		if !ok {
			continue
		}
		var card struct {
			Alignment schemas.EncoderCard `yaml:"crosssum"`
		}
		if err := yaml.Unmarshal(front, &card); err != nil {
			return schemas.EncoderCard{}, fault.New(schemas.InvalidInput, "model card %s: %v", path, err)
		}
		if m := card.Alignment.Evidence; m != nil {
			if err := m.Check(); err != nil {
				return schemas.EncoderCard{}, fault.New(schemas.InvalidInput, "model card %s: %v", path, err)
			}
		}
		if card.Alignment.Rule != "" {
			return card.Alignment, nil
		}
	}
	return schemas.EncoderCard{}, nil
}

// frontMatter is what stands between the first two lines "---".
func frontMatter(b []byte) ([]byte, bool) {
	text := strings.ReplaceAll(string(bytes.ToValidUTF8(b, nil)), "\r\n", "\n")
	if !strings.HasPrefix(text, "---\n") {
		return nil, false
	}
	front, _, ok := strings.Cut(text[4:]+"\n", "\n---\n")
	return []byte(front), ok
}
