package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"crosssum/internal/artifact/bounded"
	"crosssum/schemas"
)

// file is tokenizer.json of the Python package tokenizers. Parts that are read here are decoded strictly: a field or a
// type that is not known is an error that names it.
type file struct {
	Version    string `json:"version"`
	Truncation *struct {
		Direction string `json:"direction"`
		MaxLength int    `json:"max_length"`
		Strategy  string `json:"strategy"`
		Stride    int    `json:"stride"`
	} `json:"truncation"`
	Padding       json.RawMessage `json:"padding"` // nothing is padded here
	AddedTokens   []addedToken    `json:"added_tokens"`
	Normalizer    *part           `json:"normalizer"`
	PreTokenizer  *part           `json:"pre_tokenizer"`
	PostProcessor *part           `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         fileModel       `json:"model"`
}

type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// part is a normalizer, pre-tokenizer or post-processor: its type and, undecoded, everything.
type part struct {
	Type string
	raw  json.RawMessage
}

func (p *part) UnmarshalJSON(b []byte) error {
	p.raw = bytes.Clone(b)
	return schemas.InJSONsWords(json.Unmarshal(b, &struct{ Type *string }{&p.Type}))
}

// decode reads the fields of the part into v, "type" aside.
func (p *part) decode(v any) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(p.raw, &fields); err != nil {
		return schemas.InJSONsWords(err)
	}
	delete(fields, "type")
	b, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	if err := strict(b, v); err != nil {
		return fmt.Errorf("%s: %w", p.Type, err)
	}
	return nil
}

func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return schemas.InJSONsWords(d.Decode(v))
}

// fileModel is a WordPiece or a Unigram model.
type fileModel struct {
	Type         string           // found by its fields where an old file does not say
	Pieces       map[string]int32 // WordPiece
	Unknown      string           // WordPiece
	Unigram      []scored         // by id
	UnkIndex     *int             // Unigram
	ByteFallback bool             // Unigram: code points without a piece are cut into pieces of one byte, where all of them are there
}

type scored struct {
	text  string
	score float64
}

func (s *scored) UnmarshalJSON(b []byte) error {
	pair := []any{&s.text, &s.score}
	if err := json.Unmarshal(b, &pair); err != nil {
		return fmt.Errorf("a piece is not [text, score]: %.40s: %w", b, schemas.InJSONsWords(err))
	}
	if len(pair) != 2 {
		return fmt.Errorf("a piece is not [text, score]: %.40s", b)
	}
	return nil
}

func (m *fileModel) UnmarshalJSON(b []byte) error {
	var probe struct {
		Type  string `json:"type"`
		UnkID *int   `json:"unk_id"`
		Chars int    `json:"max_input_chars_per_word"`
	}
	if err := json.Unmarshal(b, &probe); err != nil {
		return fmt.Errorf("model: %w", schemas.InJSONsWords(err))
	}
	switch {
	case probe.Type == "WordPiece", probe.Type == "" && probe.Chars != 0:
		w := struct {
			Type   string           `json:"type"`
			Unk    string           `json:"unk_token"`
			Prefix string           `json:"continuing_subword_prefix"`
			Chars  int              `json:"max_input_chars_per_word"`
			Vocab  map[string]int32 `json:"vocab"`
		}{Unk: "[UNK]", Prefix: "##", Chars: maxWordCharacters}
		if err := strict(b, &w); err != nil {
			return fmt.Errorf("model: %w", err)
		}
		if w.Prefix != "##" || w.Chars != maxWordCharacters {
			return fmt.Errorf("model: continuing_subword_prefix is %q and max_input_chars_per_word %d; only \"##\" and %d are supported", w.Prefix, w.Chars, maxWordCharacters)
		}
		m.Type, m.Pieces, m.Unknown = "WordPiece", w.Vocab, w.Unk
	case probe.Type == "Unigram", probe.Type == "" && probe.UnkID != nil:
		var u struct {
			Type         string   `json:"type"`
			UnkID        *int     `json:"unk_id"`
			Vocab        []scored `json:"vocab"`
			ByteFallback bool     `json:"byte_fallback"`
		}
		if err := strict(b, &u); err != nil {
			return fmt.Errorf("model: %w", err)
		}
		m.Type, m.Unigram, m.UnkIndex, m.ByteFallback = "Unigram", u.Vocab, u.UnkID, u.ByteFallback
	default:
		return fmt.Errorf("model: type %q is not supported; WordPiece and Unigram are", probe.Type)
	}
	return nil
}

// maxFileBytes bounds tokenizer.json: XLM-R's has 17 MB.
const maxFileBytes = 256 << 20

func readFile(path string) (*file, error) {
	b, err := bounded.Read(path, maxFileBytes)
	if err != nil {
		return nil, err
	}
	f, err := parseFile(b)
	return f, wrap(path, err)
}

func parseFile(b []byte) (*file, error) {
	f := &file{}
	if err := strict(b, f); err != nil {
		return nil, err
	}
	if f.Model.Type == "" {
		return nil, fmt.Errorf("has no model")
	}
	return f, nil
}

// limit is the most ids of a text that the file sets, 0 for none.
func (f *file) limit() int {
	if f.Truncation == nil {
		return 0
	}
	return f.Truncation.MaxLength
}

// tokenizer builds what the file describes; special says whether special tokens are put around a text.
func (f *file) tokenizer(special bool) (Tokenizer, error) {
	if t := f.Truncation; t != nil && (t.Direction != "" && t.Direction != "Right" || t.MaxLength < 1) {
		return nil, fmt.Errorf("truncation to %d ids, direction %q, is not supported", t.MaxLength, t.Direction)
	}
	cls, sep := int32(-1), int32(-1)
	if special {
		var err error
		if cls, sep, err = f.around(); err != nil {
			return nil, err
		}
	}
	if f.Model.Type == "Unigram" {
		return f.unigram(cls, sep)
	}
	return f.wordPiece(cls, sep)
}

// wordPiece is BERT's tokenizer with the parts that the file names.
func (f *file) wordPiece(cls, sep int32) (*BERT, error) {
	t := &BERT{cls: cls, sep: sep}
	var err error
	if f.Normalizer != nil {
		if f.Normalizer.Type != "BertNormalizer" {
			return nil, fmt.Errorf("normalizer %s is not supported with WordPiece; BertNormalizer is", f.Normalizer.Type)
		}
		if t.text, err = f.Normalizer.bertText(); err != nil {
			return nil, err
		}
	}
	if f.PreTokenizer == nil || f.PreTokenizer.Type != "BertPreTokenizer" {
		return nil, fmt.Errorf("pre_tokenizer %s is not supported with WordPiece; BertPreTokenizer is", name(f.PreTokenizer))
	}
	if t.pieces, err = newWordPiece(f.Model.Pieces, f.Model.Unknown); err != nil {
		return nil, err
	}
	if cls >= int32(t.pieces.size) || sep >= int32(t.pieces.size) {
		return nil, fmt.Errorf("post_processor: ids %d and %d are outside of the vocabulary, whose ids are below %d", cls, sep, t.pieces.size)
	}
	t.size, err = t.added.take(f.AddedTokens, len(f.Model.Pieces), t.pieces.id, t.text.normalize)
	t.size = max(t.size, t.pieces.size)
	return t, err
}

// bertText reads a BertNormalizer.
func (p *part) bertText() (bertText, error) {
	n := struct {
		Clean   bool  `json:"clean_text"`
		Chinese bool  `json:"handle_chinese_chars"`
		Strip   *bool `json:"strip_accents"`
		Lower   bool  `json:"lowercase"`
	}{}
	err := p.decode(&n)
	b := bertText{clean: n.Clean, ideographs: n.Chinese, strip: n.Lower, lower: n.Lower}
	if n.Strip != nil {
		b.strip = *n.Strip
	}
	return b, err
}

// around reads the ids that the post-processor puts before and after a text.
func (f *file) around() (first, last int32, err error) {
	if f.PostProcessor == nil {
		return 0, 0, fmt.Errorf("post_processor is missing: a model's text begins and ends with special tokens")
	}
	switch f.PostProcessor.Type {
	case "TemplateProcessing":
		var p struct {
			Single []map[string]struct {
				ID string `json:"id"`
			} `json:"single"`
			Specials map[string]struct {
				IDs []int32 `json:"ids"`
			} `json:"special_tokens"`
		}
		if err := json.Unmarshal(f.PostProcessor.raw, &p); err != nil {
			return 0, 0, fmt.Errorf("post_processor: %w", schemas.InJSONsWords(err))
		}
		if len(p.Single) == 3 && p.Single[1]["Sequence"].ID == "A" {
			a, b := p.Specials[p.Single[0]["SpecialToken"].ID].IDs, p.Specials[p.Single[2]["SpecialToken"].ID].IDs
			if len(a) == 1 && len(b) == 1 {
				return a[0], b[0], f.known(a[0], b[0])
			}
		}
		return 0, 0, fmt.Errorf("post_processor: only a special token, the text and a special token are supported")
	case "BertProcessing", "RobertaProcessing":
		var sep, cls string
		p := struct{ Sep, Cls []any }{[]any{&sep, &last}, []any{&cls, &first}}
		if err := json.Unmarshal(f.PostProcessor.raw, &p); err != nil {
			return 0, 0, fmt.Errorf("post_processor: %w", schemas.InJSONsWords(err))
		}
		return first, last, f.known(first, last)
	}
	return 0, 0, fmt.Errorf("post_processor %s is not supported; TemplateProcessing is", f.PostProcessor.Type)
}

// known checks that ids are those of the vocabulary.
func (f *file) known(ids ...int32) error {
	for _, id := range ids {
		if id < 0 || int(id) >= max(len(f.Model.Unigram), len(f.Model.Pieces)) {
			return fmt.Errorf("post_processor: id %d is outside of the vocabulary", id)
		}
	}
	return nil
}

func name(p *part) string {
	if p == nil {
		return "null"
	}
	return strings.TrimSpace(p.Type)
}
