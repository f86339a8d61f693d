package tokenizer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"crosssum/internal/artifact/bounded"
	"crosssum/internal/model/settings"
	"crosssum/schemas"
)

// listed are the tokens that the files of a directory add to its vocabulary, in the order of their ids; where tells the file of each, by
// its text. Names are those of special tokens that have no id there.
type listed struct {
	tokens []addedToken
	where  map[string]string
	names  map[string]string // -> file
}

// readListed reads added_tokens_decoder of tokenizer_config.json, added_tokens.json, added_tokens of tokenizer.json, and the additional
// special tokens that tokenizer_config.json and special_tokens_map.json name. Nothing else of these files is looked at.
func readListed(dir string) (*listed, error) {
	l := &listed{where: map[string]string{}, names: map[string]string{}}
	for _, read := range []struct {
		name string
		from func(path string, b []byte) error
	}{{configFile, l.config}, {specialsFile, l.config}, {addedFile, l.plain}} {
		path := filepath.Join(dir, read.name)
		b, err := settings.ReadFile(path)
		if err == nil {
			err = wrap(path, read.from(path, b))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	path := filepath.Join(dir, jsonFile)
	b, err := bounded.Read(path, maxFileBytes)
	if err == nil {
		err = wrap(path, l.file(path, b))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for text := range l.where {
		delete(l.names, text)
	}
	slices.SortFunc(l.tokens, func(a, b addedToken) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Content, b.Content)) })
	return l, nil
}

func (l *listed) add(path string, t addedToken) error {
	if t.Content == "" || t.ID < 0 || t.ID >= maxPieces {
		return fmt.Errorf("token %q has id %d, and tokens have a text and ids from 0 to %d", t.Content, t.ID, maxPieces-1)
	}
	if at := slices.IndexFunc(l.tokens, func(o addedToken) bool { return o.Content == t.Content }); at < 0 {
		l.tokens, l.where[t.Content] = append(l.tokens, t), path
	} else if other := l.tokens[at]; other.ID != t.ID {
		return fmt.Errorf("token %q has id %d, and %d in %s: correct the one that is not that of the weights", t.Content, t.ID, other.ID, l.where[t.Content])
	}
	return nil
}

// config reads tokenizer_config.json or special_tokens_map.json.
func (l *listed) config(path string, b []byte) error {
	var c struct {
		Decoder    map[string]addedToken `json:"added_tokens_decoder"`
		Additional json.RawMessage       `json:"additional_special_tokens"`
		Extra      json.RawMessage       `json:"extra_special_tokens"` // a list, or an object whose values are tokens
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return schemas.InJSONsWords(err)
	}
	for _, id := range slices.Sorted(maps.Keys(c.Decoder)) {
		n, err := strconv.ParseInt(id, 10, 32)
		if err != nil {
			return fmt.Errorf("added_tokens_decoder has the id %q, which is no number", id)
		}
		t := c.Decoder[id]
		t.ID = int32(n)
		if err := l.add(path, t); err != nil {
			return err
		}
	}
	for name, raw := range map[string]json.RawMessage{"additional_special_tokens": c.Additional, "extra_special_tokens": c.Extra} {
		if len(raw) == 0 {
			continue
		}
		var tokens []token
		if json.Unmarshal(raw, &tokens) != nil {
			byName := map[string]token{}
			if err := json.Unmarshal(raw, &byName); err != nil {
				return fmt.Errorf("%s: %w", name, schemas.InJSONsWords(err))
			}
			tokens = slices.Collect(maps.Values(byName))
		}
		for _, t := range tokens {
			l.names[t.Content] = path
		}
	}
	return nil
}

// plain reads added_tokens.json: text -> id.
func (l *listed) plain(path string, b []byte) error {
	var ids map[string]int32
	if err := json.Unmarshal(b, &ids); err != nil {
		return schemas.InJSONsWords(err)
	}
	for _, text := range slices.Sorted(maps.Keys(ids)) {
		if err := l.add(path, addedToken{ID: ids[text], Content: text, Normalized: true}); err != nil {
			return err
		}
	}
	return nil
}

// file reads added_tokens of tokenizer.json.
func (l *listed) file(path string, b []byte) error {
	var f struct {
		Tokens []addedToken `json:"added_tokens"`
	}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&f); err != nil {
		return err
	}
	for _, t := range f.Tokens {
		if err := l.add(path, t); err != nil {
			return err
		}
	}
	return nil
}

// beyondRows is said of a token that the weights do not have.
const beyondRows = "has id %d, and the model has %d rows of words (vocab_size in config.json): take the token out, or bring the weights that were trained with it"

func (l *listed) refuse(t addedToken, format string, args ...any) error {
	return fmt.Errorf("%s: the added token %q %s", l.where[t.Content], t.Content, fmt.Sprintf(format, args...))
}

// only tells whether the tokens of tokenizer.json are all that the directory adds.
func (l *listed) only(tokens []addedToken, rows int) error {
	for _, text := range slices.Sorted(maps.Keys(l.names)) {
		return fmt.Errorf("%s: names the special token %q, which %s does not have among its added_tokens: save the tokenizer again, or take the name out", l.names[text], text, jsonFile)
	}
	for _, t := range l.tokens {
		if int(t.ID) >= rows {
			return l.refuse(t, beyondRows, t.ID, rows)
		}
		if !slices.ContainsFunc(tokens, func(o addedToken) bool { return o.Content == t.Content }) {
			return l.refuse(t, "is not among added_tokens of %s: save the tokenizer again, or take the token out", jsonFile)
		}
	}
	return nil
}

// Beside are the tokens that the files of a directory add to its SentencePiece model. They are found in the raw text, and what is between
// them is cut alone. Special tokens of the model stay text.
type Beside struct {
	set  tokenSet
	more map[int32]addedToken // those that the vocabulary does not have
	size int
}

// ReadBeside reads them. own is the id of a token that the vocabulary has without them, and whether a text may spell it out; its ids are
// below size, and implied is the id of a sentinel, for which a file need not have one. The model has so many rows of words. A token that cannot be
// honoured is an error that names it.
func ReadBeside(dir string, size, rows int, own func(text string) (id int, spelled, ok bool), implied func(text string) (int, bool)) (*Beside, error) {
	l, err := readListed(dir)
	if err != nil {
		return nil, err
	}
	for _, text := range slices.Sorted(maps.Keys(l.names)) {
		if _, _, known := own(text); known {
			continue
		} else if id, ok := implied(text); ok {
			l.tokens, l.where[text] = append(l.tokens, addedToken{ID: int32(id), Content: text, Special: true}), l.names[text]
		} else {
			return nil, fmt.Errorf("%s: names the special token %q, and no file has its id: write it into %s, or take the name out", l.names[text], text, addedFile)
		}
	}
	b := &Beside{more: map[int32]addedToken{}, size: size}
	taken := map[int32]string{}
	for _, t := range l.tokens {
		refuse := func(format string, args ...any) error { return l.refuse(t, format, args...) }
		id, spelled, known := own(t.Content)
		other, twice := taken[t.ID]
		if at, ok := implied(t.Content); ok && !known && at < size && at == int(t.ID) {
			continue // a sentinel that the model finds itself
		}
		switch {
		case known && int(t.ID) != id:
			return nil, refuse("has id %d, and the vocabulary has it as %d: bring the vocabulary that belongs to the weights, or take the token out", t.ID, id)
		case known && !spelled:
			continue
		case t.SingleWord:
			return nil, refuse("is to be found as a single word alone (single_word), which is not supported: take it out, or single_word")
		case int(t.ID) >= rows:
			return nil, refuse(beyondRows, t.ID, rows)
		case !known && int(t.ID) < size:
			return nil, refuse("has id %d, which is that of another piece: ids from %d on are free", t.ID, size)
		case twice:
			return nil, refuse("has id %d, and so has %q: each needs its own", t.ID, other)
		}
		taken[t.ID] = t.Content
		b.set.add(t)
		b.size = max(b.size, int(t.ID)+1)
		if !known {
			b.more[t.ID] = t
		}
	}
	return b, nil
}

// Cut cuts what is between the tokens of a text, and puts their ids where they stand.
func (b *Beside) Cut(text string, cut func(string) ([]int32, error)) (ids []int32, err error) {
	if len(b.set.tokens) == 0 {
		return cut(text)
	}
	b.set.each(text, func(id int32, part string) bool {
		if id >= 0 {
			ids = append(ids, id)
			return true
		}
		var more []int32
		more, err = cut(part)
		ids = append(ids, more...)
		return err == nil
	})
	return ids, err
}

// Size is above the ids of vocabulary and tokens.
func (b *Beside) Size() int { return b.size }

// IDs are those of the tokens that the vocabulary does not have.
func (b *Beside) IDs() []int32 { return slices.Sorted(maps.Keys(b.more)) }

// Text is the text of such a token, "" of any other.
func (b *Beside) Text(id int32) string { return b.more[id].Content }

// Decoder is what tokenizer_config.json has as added_tokens_decoder for the tokens that the vocabulary does not have; nil for none.
func (b *Beside) Decoder() map[string]any {
	out := map[string]any{}
	for id, t := range b.more {
		out[strconv.Itoa(int(id))] = map[string]any{"content": t.Content, "lstrip": t.LStrip, "rstrip": t.RStrip, "single_word": t.SingleWord,
			"normalized": t.Normalized, "special": t.Special}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
