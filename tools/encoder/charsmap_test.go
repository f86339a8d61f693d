package main

import (
	"encoding/binary"
	"fmt"
	"math/rand"
	"sort"
	"testing"
)

// compile builds a compiled normalization map the wasteful way: every node of the trie has 256 units of its own.
func compile(rules map[string]string) []byte {
	units := make([]uint32, 256)
	var replacements []byte
	var build func(at uint32, keys []string, depth int)
	build = func(at uint32, keys []string, depth int) {
		base := uint32(len(units))
		units = append(units, make([]uint32, 256)...)
		units[at] |= (at ^ base) << 10
		next := map[byte][]string{}
		for _, key := range keys {
			if len(key) == depth {
				units[at] |= 1 << 8
				units[base] = 1<<31 | uint32(len(replacements))
				replacements = append(append(replacements, rules[key]...), 0)
			} else {
				next[key[depth]] = append(next[key[depth]], key)
			}
		}
		for c := 1; c < 256; c++ {
			if below := next[byte(c)]; below != nil {
				units[base|uint32(c)] = uint32(c)
				build(base|uint32(c), below, depth+1)
			}
		}
	}
	var keys []string
	for key := range rules {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	build(0, keys, 0)
	out := binary.LittleEndian.AppendUint32(nil, uint32(4*len(units)))
	for _, u := range units {
		out = binary.LittleEndian.AppendUint32(out, u)
	}
	return append(out, replacements...)
}

func TestEveryRuleOfACompiledMapIsListed(t *testing.T) {
	want := map[string]string{"a": "b", "ab": "", "é": "e", "e\u0301": "é", "\u200d": " ", "ﬁ": "fi"}
	m, err := readCharsmap(modelWith(compile(want)))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.rules(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q", got)
	}
}

func TestACorruptMapIsReadWithoutHarm(t *testing.T) {
	good := compile(map[string]string{"ab": "c", "é": "e"})
	for seed := int64(0); seed < 200; seed++ {
		random := rand.New(rand.NewSource(seed))
		bad := append([]byte(nil), good...)
		for range 20 {
			bad[4+random.Intn(len(bad)-4)] = byte(random.Intn(256))
		}
		if m, err := readCharsmap(modelWith(bad)); err == nil {
			m.rules()
		}
	}
	for _, bad := range [][]byte{nil, {1}, {4, 0, 0, 0}, {3, 0, 0, 0, 1, 2, 3}, {0xff, 0xff, 0xff, 0xff, 0}} {
		if _, err := readCharsmap(modelWith(bad)); err == nil {
			t.Errorf("%v was taken for a map", bad)
		}
	}
}
