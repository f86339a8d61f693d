package crawl

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth bounds the nesting of a row's JSON.
const MaxDepth = 32

// value is one JSON value: string, bool, []value, object or other (number, null).
type value any

type object map[string]value

type other string

// words are the values that are spelt out. Python writes the last three.
var words = []string{"true", "false", "null", "NaN", "Infinity", "-Infinity"}

// parser reads strict JSON (RFC 8259) and the three words that Python writes for numbers which JSON has not; beyond what encoding/json
// refuses, it refuses lone surrogates and duplicate keys, which that package mends in silence. Its input is valid UTF-8, bounded by the limit on a line.
type parser struct {
	s  []byte
	at int
}

// parseObject reads a whole line as one object.
func parseObject(s []byte) (object, *Reject) {
	p := &parser{s: s}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(s) {
		return nil, wrong(NotJSON, "byte %d: something follows the object", p.at+1)
	}
	o, ok := v.(object)
	if !ok {
		return nil, wrong(NotJSON, "not an object")
	}
	return o, nil
}

func (p *parser) space() {
	for p.at < len(p.s) && (p.s[p.at] == ' ' || p.s[p.at] == '\t' || p.s[p.at] == '\r' || p.s[p.at] == '\n') {
		p.at++
	}
}

func (p *parser) unexpected(wanted string) *Reject {
	if p.at >= len(p.s) {
		return wrong(NotJSON, "ends where %s is wanted", wanted)
	}
	r, _ := utf8.DecodeRune(p.s[p.at:])
	return wrong(NotJSON, "byte %d: %q where %s is wanted", p.at+1, r, wanted)
}

func (p *parser) take(c byte) bool {
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) value(depth int) (value, *Reject) {
	if depth > MaxDepth {
		return nil, wrong(NotJSON, "nested deeper than %d", MaxDepth)
	}
	p.space()
	if p.at >= len(p.s) {
		return nil, p.unexpected("a value")
	}
	switch c := p.s[p.at]; {
	case c == '{':
		p.at++
		return p.object(depth)
	case c == '[':
		p.at++
		return p.list(depth)
	case c == '"':
		p.at++
		return p.text()
	}
	for _, word := range words {
		if bytes.HasPrefix(p.s[p.at:], []byte(word)) {
			p.at += len(word)
			if word == "true" || word == "false" {
				return word == "true", nil
			}
			return other(word), nil
		}
	}
	if c := p.s[p.at]; c == '-' || c >= '0' && c <= '9' {
		return p.number()
	}
	return nil, p.unexpected("a value")
}

func (p *parser) object(depth int) (value, *Reject) {
	o := object{}
	p.space()
	if p.take('}') {
		return o, nil
	}
	for {
		p.space()
		if !p.take('"') {
			return nil, p.unexpected("a key")
		}
		key, err := p.text()
		if err != nil {
			return nil, err
		}
		if _, twice := o[key]; twice {
			return nil, wrong(DuplicateKey, "key %.40q twice", key)
		}
		p.space()
		if !p.take(':') {
			return nil, p.unexpected("a colon")
		}
		if o[key], err = p.value(depth + 1); err != nil {
			return nil, err
		}
		p.space()
		if p.take('}') {
			return o, nil
		}
		if !p.take(',') {
			return nil, p.unexpected("a comma or }")
		}
	}
}

func (p *parser) list(depth int) (value, *Reject) {
	all := []value{}
	p.space()
	if p.take(']') {
		return all, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
		p.space()
		if p.take(']') {
			return all, nil
		}
		if !p.take(',') {
			return nil, p.unexpected("a comma or ]")
		}
	}
}

// number checks the form -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? and keeps it as written.
func (p *parser) number() (value, *Reject) {
	from := p.at
	digits := func() bool {
		start := p.at
		for p.at < len(p.s) && p.s[p.at] >= '0' && p.s[p.at] <= '9' {
			p.at++
		}
		return p.at > start
	}
	p.take('-')
	if !p.take('0') && !digits() {
		return nil, p.unexpected("a digit")
	}
	if p.take('.') && !digits() {
		return nil, p.unexpected("a digit")
	}
	if p.take('e') || p.take('E') {
		if !p.take('+') {
			p.take('-')
		}
		if !digits() {
			return nil, p.unexpected("a digit")
		}
	}
	return other(p.s[from:p.at]), nil
}

// text reads a string after its opening quote.
func (p *parser) text() (string, *Reject) {
	var out []byte
	start := p.at
	for p.at < len(p.s) {
		switch c := p.s[p.at]; {
		case c == '"':
			out = append(out, p.s[start:p.at]...)
			p.at++
			return string(out), nil
		case c < 0x20:
			return "", wrong(NotJSON, "byte %d: control character %#02x in a string", p.at+1, c)
		case c == '\\':
			out = append(out, p.s[start:p.at]...)
			p.at++
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			start = p.at
		default:
			p.at++
		}
	}
	return "", wrong(NotJSON, "ends inside a string")
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (p *parser) escape() (rune, *Reject) {
	if p.at >= len(p.s) {
		return 0, wrong(NotJSON, "ends inside an escape")
	}
	c := p.s[p.at]
	if r, ok := escapes[c]; ok {
		p.at++
		return r, nil
	}
	if c != 'u' {
		return 0, p.unexpected("an escape")
	}
	first, ok := p.hex()
	if !ok {
		return 0, wrong(NotJSON, "byte %d: \\u without four hex digits", p.at+1)
	}
	if !utf16.IsSurrogate(first) {
		return first, nil
	}
	if p.at+1 < len(p.s) && p.s[p.at] == '\\' && p.s[p.at+1] == 'u' {
		at := p.at
		p.at++
		if second, ok := p.hex(); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r, nil
			}
		}
		p.at = at
	}
	return 0, wrong(LoneSurrogate, "byte %d: \\u%04x without its other half", p.at+1, first)
}

// hex reads the u and four digits at p.at.
func (p *parser) hex() (rune, bool) {
	if p.at+5 > len(p.s) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.s[p.at+1:p.at+5]), 16, 16)
	if err != nil {
		return 0, false
	}
	p.at += 5
	return rune(n), true
}
