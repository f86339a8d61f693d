package tokenizer

import (
	"encoding/json"
	"fmt"

	"golang.org/x/text/unicode/norm"

	"crosssum/internal/native/sentencepiece"
)

// unigram is a Unigram model of tokenizer.json, applied by SentencePiece: special tokens that a text spells out are text,
// text comes to NFC first, as with XLMR.
type unigram struct {
	pieces   *sentencepiece.Model
	cls, sep int32 // -1: no special tokens are added
}

// Encode is the first special token, the pieces, the last special token.
func (t *unigram) Encode(text string, maxTokens int) ([]int32, error) {
	pieces, err := t.pieces.Encode(norm.NFC.String(text))
	if err != nil {
		return nil, err
	}
	if t.cls < 0 {
		return pieces[:min(len(pieces), maxTokens)], nil
	}
	ids := append(make([]int32, 0, len(pieces)+2), t.cls)
	ids = append(ids, pieces[:min(len(pieces), maxTokens-2)]...)
	return append(ids, t.sep), nil
}

// Size is the number of pieces, special ones included.
func (t *unigram) Size() int { return t.pieces.Size() }

// unigram builds the SentencePiece model that the file describes: pieces in the file's order, so ids are its own.
func (f *file) unigram(cls, sep int32) (*unigram, error) {
	if f.Model.UnkIndex == nil || *f.Model.UnkIndex < 0 || *f.Model.UnkIndex >= len(f.Model.Unigram) || len(f.Model.Unigram) > maxPieces {
		return nil, fmt.Errorf("model: %d pieces, and unk_id is none of them", len(f.Model.Unigram))
	}
	charsmap, err := f.charsmap()
	if err != nil {
		return nil, err
	}
	if err := f.metaspace(f.PreTokenizer); err != nil {
		return nil, err
	}
	if name(f.PreTokenizer) == "WhitespaceSplit" {
		return nil, fmt.Errorf("pre_tokenizer WhitespaceSplit without Metaspace is not supported")
	}
	pieces := make([]sentencepiece.Piece, len(f.Model.Unigram))
	for i, p := range f.Model.Unigram {
		pieces[i] = sentencepiece.Piece{Text: p.text, Score: float32(p.score), Kind: sentencepiece.Normal}
	}
	for _, a := range f.AddedTokens {
		if a.ID < 0 || int(a.ID) >= len(pieces) || pieces[a.ID].Text != a.Content {
			return nil, fmt.Errorf("added token %q: its id %d is not that of the vocabulary", a.Content, a.ID)
		}
		pieces[a.ID].Kind = sentencepiece.Control
	}
	pieces[*f.Model.UnkIndex].Kind = sentencepiece.Unknown
	m, err := sentencepiece.FromBytes(sentencepiece.Serialize(pieces, "", charsmap))
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return &unigram{m, cls, sep}, nil
}

// charsmap is the normalization map; steps that only mend white space are SentencePiece's own.
func (f *file) charsmap() ([]byte, error) {
	if f.Normalizer == nil {
		return nil, fmt.Errorf("normalizer is null; a Unigram model is read with Precompiled only")
	}
	steps := []part{*f.Normalizer}
	if f.Normalizer.Type == "Sequence" {
		var s struct {
			Normalizers []part `json:"normalizers"`
		}
		if err := f.Normalizer.decode(&s); err != nil {
			return nil, err
		}
		steps = s.Normalizers
	}
	var out []byte
	for _, step := range steps {
		switch step.Type {
		case "Precompiled":
			var p struct {
				Map []byte `json:"precompiled_charsmap"`
			}
			if err := step.decode(&p); err != nil {
				return nil, err
			}
			out = p.Map
		case "Strip":
		case "Replace":
			var r struct {
				Pattern struct{ Regex string }
				Content string `json:"content"`
			}
			if err := step.decode(&r); err != nil {
				return nil, err
			}
			if r.Pattern.Regex != " {2,}" || r.Content != " " && r.Content != "▁" {
				return nil, fmt.Errorf("normalizer Replace of %q by %q is not supported", r.Pattern.Regex, r.Content)
			}
		default:
			return nil, fmt.Errorf("normalizer %s is not supported with Unigram; Precompiled is", step.Type)
		}
	}
	if out == nil {
		return nil, fmt.Errorf("normalizer: has no Precompiled, without which a Unigram model is not read")
	}
	return out, nil
}

// metaspace checks that words are told apart as SentencePiece does it: "▁" before each.
func (f *file) metaspace(p *part) error {
	switch name(p) {
	case "WhitespaceSplit": // inside of a Sequence
		return nil
	case "Sequence":
		var s struct {
			PreTokenizers []part `json:"pretokenizers"`
		}
		if err := p.decode(&s); err != nil {
			return err
		}
		for i := range s.PreTokenizers {
			if err := f.metaspace(&s.PreTokenizers[i]); err != nil {
				return err
			}
		}
		if n := len(s.PreTokenizers); n == 0 || s.PreTokenizers[n-1].Type != "Metaspace" {
			return fmt.Errorf("pre_tokenizer: does not end in Metaspace")
		}
		return nil
	case "Metaspace":
		m := struct {
			Replacement    string          `json:"replacement"`
			AddPrefixSpace bool            `json:"add_prefix_space"`
			PrependScheme  string          `json:"prepend_scheme"`
			Split          bool            `json:"split"`
			StrRep         json.RawMessage `json:"str_rep"`
		}{AddPrefixSpace: true, PrependScheme: "always", Split: true}
		if err := p.decode(&m); err != nil {
			return err
		}
		if m.Replacement != "▁" || !m.AddPrefixSpace || m.PrependScheme != "always" || !m.Split {
			return fmt.Errorf("pre_tokenizer Metaspace: only \"▁\", always prepended, is supported")
		}
		return nil
	}
	return fmt.Errorf("pre_tokenizer %s is not supported with Unigram; Metaspace is", name(p))
}
