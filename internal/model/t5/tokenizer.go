package t5

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"crosssum/internal/model/starts"
	"crosssum/internal/native/sentencepiece"
)

// Tokenizer is the SentencePiece model of a T5 directory. SentencePiece is the truth: control tokens spelled out in text
// ("</s>", "<pad>") are text and never become control ids. It is safe for concurrent use.
type Tokenizer struct {
	pieces    *sentencepiece.Model
	eos       int32
	sentinels map[int32]bool
	Remarks   []string // what a person may want to know of the model's langid_map
}

// LoadTokenizer reads dir/spiece.model, checks it against the config, and gives the config's start tokens the ids of their pieces.
func LoadTokenizer(dir string, config *Config) (*Tokenizer, error) {
	path := filepath.Join(dir, vocabularyFile)
	model, err := sentencepiece.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: not there; transformers 5 saves a tokenizer.json in its place: copy spiece.model from the model that was fine-tuned", path)
	}
	if err != nil {
		return nil, err
	}
	if model.Size() > config.VocabSize {
		return nil, fmt.Errorf("%s: %d pieces, but config.json's vocab_size is %d: one of them is of another model; copy the "+
			"vocabulary that belongs to the weights", path, model.Size(), config.VocabSize)
	}
	if model.Eos() != config.EOSTokenID {
		return nil, fmt.Errorf("%s: </s> is piece %d, but config.json's eos_token_id is %d", path, model.Eos(), config.EOSTokenID)
	}
	t := &Tokenizer{pieces: model, eos: int32(config.EOSTokenID), sentinels: map[int32]bool{}}
	for n := 0; n < 1000; n++ {
		if id, ok := t.Lookup(starts.SentinelPiece(n)); ok {
			t.sentinels[int32(id)] = true
		}
	}
	if t.Remarks, err = config.Languages.Resolve(t.Lookup); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// Lookup is the id of a piece.
func (t *Tokenizer) Lookup(piece string) (int, bool) {
	id := t.pieces.ID(piece)
	return id, id != t.pieces.Unk()
}

// Source encodes an article: at most limit ids, the last one </s>, which truncation keeps.
func (t *Tokenizer) Source(text string, limit int) ([]int32, error) {
	ids, err := t.pieces.Encode(text)
	return t.end(ids, limit), err
}

// Label encodes a summary like Source. Sentinels start decoders, so those that text spells out are left out; dropped counts them.
func (t *Tokenizer) Label(text string, limit int) (ids []int32, dropped int, err error) {
	all, err := t.pieces.Encode(text)
	for _, id := range all {
		if t.sentinels[id] {
			dropped++
		} else {
			ids = append(ids, id)
		}
	}
	return t.end(ids, limit), dropped, err
}

func (t *Tokenizer) end(ids []int32, limit int) []int32 {
	if len(ids) > limit-1 {
		ids = ids[:max(limit-1, 0)]
	}
	return append(ids, t.eos)
}

// Sentinels are the ids of the <extra_id_N> pieces, which neither labels nor generated text may hold.
func (t *Tokenizer) Sentinels() map[int32]bool { return t.sentinels }

// Pieces is the number of pieces; ids from here to vocab_size have none and decode to nothing.
func (t *Tokenizer) Pieces() int { return t.pieces.Size() }

// Decode joins generated ids to text: up to the first </s>, without control pieces, sentinels and ids that have no piece.
func (t *Tokenizer) Decode(ids []int32) (string, error) {
	kept := make([]int32, 0, len(ids))
	for _, id := range ids {
		if id == t.eos {
			break
		}
		if id >= 0 && int(id) < t.pieces.Size() && !t.sentinels[id] {
			kept = append(kept, id)
		}
	}
	text, err := t.pieces.Decode(kept)
	return strings.TrimSpace(text), err
}
