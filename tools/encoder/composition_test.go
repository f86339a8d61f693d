package main

import (
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/text/unicode/norm"

	"crosssum/internal/native/sentencepiece"
)

// TestTheConvertedMapComposesWhateverUnicodeComposes: nothing else does it, so what the encoder needs of NFC stands in the map that the
// conversion writes. Marks in an order that is not the canonical one are left, as by the published model.
func TestTheConvertedMapComposesWhateverUnicodeComposes(t *testing.T) {
	m, err := sentencepiece.Load(filepath.Join("..", "..", "build", "models", "multilingual-e5-small", "sentencepiece.bpe.model"))
	if err != nil {
		t.Fatalf("%v\nthe encoder is missing: run ./crosssum setup", err)
	}
	cut := func(text string) []int32 {
		ids, err := m.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	composed := 0
	for r := rune(0x80); r < 0x30000; r++ {
		apart := norm.NFD.String(string(r))
		if apart == string(r) || r == 0x344 { // U+0344 is two marks, of which the first goes to the letter before
			continue
		}
		composed++
		if a, b := cut("a"+string(r)+"b"), cut("a"+apart+"b"); !slices.Equal(a, b) {
			t.Errorf("U+%04X is %v, and %+q is %v", r, a, apart, b)
		}
	}
	if composed < 13000 {
		t.Errorf("%d code points with a canonical decomposition", composed)
	}
	for text, same := range map[string]string{"cafe\u0301": "café", "\u1112\u1161\u11ab": "한", "か\u3099": "が", "\u0928\u093c": "ऩ", "e\u0323\u0302": "ệ"} {
		if !slices.Equal(cut(text), cut(same)) {
			t.Errorf("%+q is %v, and %q is %v", text, cut(text), same, cut(same))
		}
	}
	for _, text := range []string{"o\u0300\u0323", "e\u0302\u0323"} {
		if slices.Equal(cut(text), cut(norm.NFC.String(text))) {
			t.Errorf("%+q is composed, which the published model does not do", text)
		}
	}
}
