package tokenizer

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"crosssum/internal/native/sentencepiece"
)

// normalizer changes a text before it is cut, to the letter as the Python package tokenizers does.
type normalizer func(text string) string

// normalizers reads "normalizer" of tokenizer.json: null, one step, or a Sequence of them.
func normalizers(p *part) (normalizer, error) {
	if p == nil {
		return func(text string) string { return text }, nil
	}
	if p.Type != "Sequence" {
		return p.normalizer()
	}
	var s struct {
		Normalizers []*part `json:"normalizers"`
	}
	if err := p.decode(&s); err != nil {
		return nil, err
	}
	var steps []normalizer
	for _, step := range s.Normalizers {
		n, err := normalizers(step)
		if err != nil {
			return nil, err
		}
		steps = append(steps, n)
	}
	return func(text string) string {
		for _, step := range steps {
			text = step(text)
		}
		return text
	}, nil
}

// normalizer reads one step.
func (p *part) normalizer() (normalizer, error) {
	switch p.Type {
	case "BertNormalizer":
		b, err := p.bertText()
		return b.normalize, err
	case "Lowercase":
		return bertText{lower: true}.normalize, nil
	case "Precompiled":
		return p.precompiled()
	case "Strip":
		s := struct {
			Left  bool `json:"strip_left"`
			Right bool `json:"strip_right"`
		}{}
		err := p.decode(&s)
		return func(text string) string {
			if s.Left {
				text = strings.TrimLeftFunc(text, unicode.IsSpace)
			}
			if s.Right {
				text = strings.TrimRightFunc(text, unicode.IsSpace)
			}
			return text
		}, err
	case "Replace":
		return p.replace()
	}
	return nil, fmt.Errorf("normalizer %s is not supported; BertNormalizer, Lowercase, Precompiled, Replace and Strip are", p.Type)
}

// expressions are the regular expressions of Replace that are read, in Go's words.
var expressions = map[string]*regexp.Regexp{
	" {2,}": regexp.MustCompile(` {2,}`),
	`\s+`:   regexp.MustCompile(`[\t-\r \x{85}\p{Z}]+`),
}

func (p *part) replace() (normalizer, error) {
	var r struct {
		Pattern struct{ String, Regex string } `json:"pattern"`
		Content string                         `json:"content"`
	}
	if err := p.decode(&r); err != nil {
		return nil, err
	}
	expression := expressions[r.Pattern.Regex]
	switch {
	case r.Pattern.String != "" && r.Pattern.Regex == "":
		return strings.NewReplacer(r.Pattern.String, r.Content).Replace, nil
	case expression != nil && r.Pattern.String == "":
		return func(text string) string { return expression.ReplaceAllLiteralString(text, r.Content) }, nil
	}
	return nil, fmt.Errorf("normalizer Replace of the expression %q is not supported; of a text, of \" {2,}\" and of \"\\\\s+\" it is", r.Pattern.Regex)
}

// precompiled is SentencePiece's compiled map as the package applies it: to every grapheme of less than six bytes at once, of which the
// first rule that begins it decides and the rest is dropped; else, and where no rule begins it, to every code point alone.
func (p *part) precompiled() (normalizer, error) {
	var c struct {
		Map []byte `json:"precompiled_charsmap"`
	}
	if err := p.decode(&c); err != nil {
		return nil, err
	}
	if len(c.Map) == 0 {
		return func(text string) string { return text }, nil
	}
	m, err := sentencepiece.ReadCharsmap(c.Map)
	if err != nil {
		return nil, err
	}
	return func(text string) string {
		var out strings.Builder
		out.Grow(len(text) + len(text)/8)
		for text != "" {
			grapheme := text[:graphemeEnd(text)]
			text = text[len(grapheme):]
			if len(grapheme) < 6 {
				if to, ok := m.First(grapheme); ok {
					out.WriteString(to)
					continue
				}
			}
			for grapheme != "" {
				_, size := utf8.DecodeRuneInString(grapheme)
				if to, ok := m.First(grapheme[:size]); ok {
					out.WriteString(to)
				} else {
					out.WriteString(grapheme[:size])
				}
				grapheme = grapheme[size:]
			}
		}
		return out.String()
	}, nil
}
