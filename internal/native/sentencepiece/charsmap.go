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
			if err := checkMap(charsmap); err != nil {
				return fmt.Errorf("normalization map: %w", err)
			}
			return nil
		})
	})
}

// checkMap: u32 bytes of a double array | its u32 units | replacements, each ended by a zero. From unit i the trie goes on to
// unit i ^ offset ^ byte; where it has a leaf, unit i ^ offset holds the place of a replacement.
func checkMap(b []byte) error {
	if len(b) < 4 {
		return errors.New("is cut off")
	}
	size := binary.LittleEndian.Uint32(b)
	b = b[4:]
	if size%4 != 0 || size == 0 || uint64(size) >= uint64(len(b)) {
		return fmt.Errorf("a trie of %d bytes in a map of %d", size, len(b))
	}
	units, replacements := b[:size], b[size:]
	if replacements[len(replacements)-1] != 0 {
		return errors.New("its last replacement has no end")
	}
	n := uint32(size / 4)
	at := func(i uint32) uint32 { return binary.LittleEndian.Uint32(units[4*i:]) }
	for i := range n {
		unit := at(i)
		if unit>>31 != 0 && i > 0 {
			continue // a leaf: no byte leads to it; the root is taken without looking
		}
		next := i ^ unit>>10<<((unit&(1<<9))>>6)
		if next|255 >= n {
			return fmt.Errorf("unit %d leads out of the trie", i)
		}
		if hasLeaf := unit>>8&1 != 0; hasLeaf && at(next)&(1<<31-1) >= uint32(len(replacements)) {
			return fmt.Errorf("unit %d leads out of the replacements", i)
		}
	}
	return nil
}
