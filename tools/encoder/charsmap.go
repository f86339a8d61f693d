package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// charsmap is SentencePiece's compiled normalization map: a Darts double array, whose leaves are offsets into zero-ended
// replacements. u32 bytes of the array | u32 units | replacements.
type charsmap struct {
	compiled     []byte
	units        []uint32
	replacements []byte
}

// readCharsmap takes the map out of a serialized ModelProto (normalizer_spec, precompiled_charsmap).
func readCharsmap(model []byte) (*charsmap, error) {
	spec, err := field(model, 3)
	if err != nil {
		return nil, fmt.Errorf("normalization model: %w", err)
	}
	b, err := field(spec, 2)
	if err != nil {
		return nil, fmt.Errorf("normalization model: %w", err)
	}
	if len(b) < 4 {
		return nil, errors.New("normalization map: is empty")
	}
	size := binary.LittleEndian.Uint32(b)
	if size%4 != 0 || uint64(size) > uint64(len(b)-4) || size == 0 {
		return nil, fmt.Errorf("normalization map: a trie of %d bytes in %d", size, len(b)-4)
	}
	m := &charsmap{compiled: b, units: make([]uint32, size/4), replacements: b[4+size:]}
	for i := range m.units {
		m.units[i] = binary.LittleEndian.Uint32(b[4+4*i:])
	}
	return m, nil
}

// child is the unit below unit at for byte c; ok is false where there is none.
func (m *charsmap) child(at uint32, c byte) (uint32, bool) {
	next := at ^ offset(m.units[at]) ^ uint32(c)
	return next, next < uint32(len(m.units)) && m.units[next]&(1<<31|0xff) == uint32(c)
}

// value is the replacement that ends at unit at; ok is false where no key ends.
func (m *charsmap) value(at uint32) (string, bool) {
	leaf := at ^ offset(m.units[at])
	if m.units[at]>>8&1 == 0 || leaf >= uint32(len(m.units)) {
		return "", false
	}
	from := uint64(m.units[leaf] & (1<<31 - 1))
	if from > uint64(len(m.replacements)) {
		return "", false
	}
	to, _, ended := bytes.Cut(m.replacements[from:], []byte{0})
	return string(to), ended
}

func offset(unit uint32) uint32 { return (unit >> 10) << ((unit & (1 << 9)) >> 6) }

// maxKey bounds the bytes of a key: the longest of nmt_nfkc has 12.
const maxKey = 64

// rules lists the whole map.
func (m *charsmap) rules() map[string]string {
	out := map[string]string{}
	var walk func(at uint32, key []byte)
	walk = func(at uint32, key []byte) {
		if to, ok := m.value(at); ok && len(key) > 0 {
			out[string(key)] = to
		}
		for c := 1; c < 256 && len(key) < maxKey; c++ {
			if next, ok := m.child(at, byte(c)); ok {
				walk(next, append(key, byte(c)))
			}
		}
	}
	walk(0, nil)
	return out
}

// repair makes rules say of every single code point what the encoder's own map says, and returns the changed code points
// in order. The library's nmt_nfkc follows a later Unicode than the encoder's, and no longer makes U+200D a space.
func (h *header) repair(rules map[string]string) []rune {
	var changed []rune
	for r := rune(1); r <= utf8.MaxRune; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue // surrogates are no characters
		}
		to, here := h.normal[r]
		theirs, there := rules[string(r)]
		switch {
		case here && (!there || theirs != string(to)):
			rules[string(r)] = string(to)
		case !here && there && theirs != string(r):
			delete(rules, string(r))
		default:
			continue
		}
		changed = append(changed, r)
	}
	return changed
}
