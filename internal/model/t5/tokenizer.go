package t5

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/model/starts"
	"crosssum/internal/model/tokenizer"
	"crosssum/internal/native/sentencepiece"
)

// Tokenizer is the SentencePiece model of a T5 directory. SentencePiece is the truth: control tokens spelled out in text
// ("</s>", "<pad>") are text and never become control ids. It is safe for concurrent use.
type Tokenizer struct {
	pieces    *sentencepiece.Model
	beside    *tokenizer.Beside // tokens that the directory adds
	eos       int32
	sentinels map[int32]bool
	behind    map[string]int // tokens that have rows behind the pieces: T5's sentinels, and what the directory adds
	Remarks   []string       // what a person may want to know of the model's langid_map
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
	if slices.Contains(config.Ends, model.Eos()) {
		config.EOSTokenID = model.Eos()
	}
	if model.Eos() != config.EOSTokenID {
		return nil, fmt.Errorf("%s: </s> is piece %d, but config.json's eos_token_id is %v: one of them is of another model; correct it",
			path, model.Eos(), config.eos())
	}
	t := &Tokenizer{pieces: model, eos: int32(config.EOSTokenID), sentinels: map[int32]bool{}}
	if t.beside, err = tokenizer.ReadBeside(dir, model.Size(), config.VocabSize, t.own, t.implied); err != nil {
		return nil, err
	}
	for n := 0; n < 1000; n++ {
		if id, ok := t.Lookup(starts.SentinelPiece(n)); ok {
			t.sentinels[int32(id)] = true
		}
	}
	t.findBehind(config.VocabSize)
	if t.Remarks, err = config.Languages.Resolve(t.Lookup); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// findBehind finds the tokens whose rows lie behind the pieces. The 100 sentinels of T5 v1.1 are no pieces of its vocabulary and stand in no
// file: its tables have rows for them, and T5's tokenizer knows the ids. An added token has its row before a sentinel.
func (t *Tokenizer) findBehind(rows int) {
	t.behind = map[string]int{}
	own := len(t.sentinels) > 0
	for _, id := range t.beside.IDs() {
		text := t.beside.Text(id)
		t.behind[text] = int(id)
		if _, ok := t.implied(text); ok {
			t.sentinels[id] = true
		}
	}
	if own || rows < t.pieces.Size()+100 {
		return
	}
	for n := range 100 {
		text := fmt.Sprintf("<extra_id_%d>", n)
		if id, _ := t.implied(text); t.beside.Text(int32(id)) == "" {
			t.behind[text], t.sentinels[int32(id)] = id, true
		}
	}
}

// Lookup is the id of a piece, or of a token behind the pieces.
func (t *Tokenizer) Lookup(piece string) (int, bool) {
	if id, ok := t.behind[piece]; ok {
		return id, true
	}
	id := t.pieces.ID(piece)
	return id, id != t.pieces.Unk()
}

// own is the id of a token that spiece.model has; a text never spells out its control pieces.
func (t *Tokenizer) own(text string) (id int, spelled, ok bool) {
	id = t.pieces.ID(text)
	piece, err := t.pieces.Piece(id)
	return id, piece.Kind != sentencepiece.Control && piece.Kind != sentencepiece.Unknown, err == nil && piece.Text == text
}

// implied is the id of <extra_id_N>: mT5's piece, which the model finds itself, or T5's, which stand behind the pieces, the last first.
func (t *Tokenizer) implied(text string) (id int, ok bool) {
	var n int
	if _, err := fmt.Sscanf(text, "<extra_id_%d>", &n); err != nil || n < 0 || n >= 100 {
		return 0, false
	}
	if id, ok := t.Lookup(starts.SentinelPiece(n)); ok {
		return id, true
	}
	return t.pieces.Size() + 99 - n, true
}

// cut cuts a text into pieces and added tokens.
func (t *Tokenizer) cut(text string) ([]int32, error) { return t.beside.Cut(text, t.pieces.Encode) }

// Source encodes an article: at most limit ids, the last one </s>, which truncation keeps.
func (t *Tokenizer) Source(text string, limit int) ([]int32, error) {
	ids, err := t.cut(text)
	return t.end(ids, limit), err
}

// Label encodes a summary like Source. Sentinels start decoders, so those that text spells out are left out; dropped counts them.
func (t *Tokenizer) Label(text string, limit int) (ids []int32, dropped int, err error) {
	all, err := t.cut(text)
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

// Pieces is the number of pieces of spiece.model.
func (t *Tokenizer) Pieces() int { return t.pieces.Size() }

// HasText tells whether an id stands for text, a piece or an added token; there are rows without.
func (t *Tokenizer) HasText(id int) bool {
	return id < t.pieces.Size() || t.beside.Text(int32(id)) != ""
}

// Decode joins generated ids to text: up to the first </s>, without control pieces, sentinels and ids that stand for no text. Added tokens
// have spaces around.
func (t *Tokenizer) Decode(ids []int32) (string, error) {
	var parts []string
	var kept []int32
	flush := func() error {
		text, err := t.pieces.Decode(kept)
		if text = strings.TrimSpace(text); text != "" {
			parts = append(parts, text)
		}
		kept = kept[:0]
		return err
	}
	for _, id := range ids {
		if id == t.eos {
			break
		}
		if id < 0 || t.sentinels[id] {
			continue
		}
		if int(id) < t.pieces.Size() {
			kept = append(kept, id)
		} else if text := t.beside.Text(id); text != "" {
			if err := flush(); err != nil {
				return "", err
			}
			parts = append(parts, text)
		}
	}
	err := flush()
	return strings.Join(parts, " "), err
}
