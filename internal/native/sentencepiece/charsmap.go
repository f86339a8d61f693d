package sentencepiece

import (
	"encoding/binary"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// checkMaps looks at the compiled normalization maps of a serialized model, which the library follows without looking: a
// damaged one would make it read outside of memory.
func checkMaps(model []byte) error {
	return Message(model).Fields(func(number protowire.Number, spec []byte) error {
		if number != 3 && number != 5 { // normalizer_spec, denormalizer_spec
			return nil
		}
		return Message(spec).Fields(func(number protowire.Number, charsmap []byte) error {
			if number != 2 || len(charsmap) == 0 { // precompiled_charsmap
				return nil
			}
			_, err := ReadCharsmap(charsmap)
			return err
		})
	})
}

// Charsmap is a compiled normalization map: a double array, whose leaves are places of replacements, and these, each ended by a zero.
type Charsmap struct {
	units        []uint32
	replacements []byte
}

// ReadCharsmap reads u32 bytes of a double array | its u32 units | replacements, and checks that no text leads out of them. From unit i
// the trie goes on to unit i ^ offset ^ byte; where it has a leaf, unit i ^ offset holds the place of a replacement.
func ReadCharsmap(b []byte) (*Charsmap, error) {
	if len(b) < 4 {
		return nil, errors.New("normalization map: is cut off")
	}
	size := binary.LittleEndian.Uint32(b)
	b = b[4:]
	if size%4 != 0 || size == 0 || uint64(size) >= uint64(len(b)) {
		return nil, fmt.Errorf("normalization map: a trie of %d bytes in a map of %d", size, len(b))
	}
	m := &Charsmap{units: make([]uint32, size/4), replacements: b[size:]}
	if m.replacements[len(m.replacements)-1] != 0 {
		return nil, errors.New("normalization map: its last replacement has no end")
	}
	for i := range m.units {
		m.units[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	for i, unit := range m.units {
		if unit>>31 != 0 && i > 0 {
			continue // a leaf: no byte leads to it; the root is taken without looking
		}
		next := m.below(uint32(i))
		if next|255 >= uint32(len(m.units)) {
			return nil, fmt.Errorf("normalization map: unit %d leads out of the trie", i)
		}
		if hasLeaf := unit>>8&1 != 0; hasLeaf && m.units[next]&(1<<31-1) >= uint32(len(m.replacements)) {
			return nil, fmt.Errorf("normalization map: unit %d leads out of the replacements", i)
		}
	}
	return m, nil
}

// below is where the units below unit i stand, each at this ^ its byte.
func (m *Charsmap) below(i uint32) uint32 {
	unit := m.units[i]
	return i ^ unit>>10<<((unit&(1<<9))>>6)
}

// First is what stands for the shortest text of the map that text begins with. SentencePiece itself takes the longest.
func (m *Charsmap) First(text string) (replacement string, found bool) {
	at := uint32(0)
	for i := range len(text) {
		if text[i] == 0 {
			break
		}
		at = m.below(at) ^ uint32(text[i])
		if m.units[at]&(1<<31|0xff) != uint32(text[i]) {
			break
		}
		if m.units[at]>>8&1 != 0 {
			from := m.units[m.below(at)] & (1<<31 - 1)
			to := from
			for m.replacements[to] != 0 {
				to++
			}
			return string(m.replacements[from:to]), true
		}
	}
	return "", false
}
