package generate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"crosssum/internal/model/t5"
)

func TestSummariesAreThoseOfTheFourLinesOfTheReadmeInTransformers(t *testing.T) { // see testdata/make_texts.py
	const dir = "../../../models/crosssum-small"
	var want struct {
		Weights string
		Texts   []struct {
			Target, Text, Summary string
			Source                []int32
			IDs                   []int
		}
	}
	raw, err := os.ReadFile("testdata/texts.json")
	must(t, err)
	must(t, json.Unmarshal(raw, &want))
	weights, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
	must(t, err)
	if sum := sha256.Sum256(weights); hex.EncodeToString(sum[:]) != want.Weights {
		t.Fatalf("%s holds another checkpoint than testdata/texts.json was made with: run testdata/make_texts.py", dir)
	}
	model, tokenizer, err := t5.Load(dir)
	must(t, err)
	defer model.Free()
	banned := []int{}
	for id := range tokenizer.Sentinels() {
		banned = append(banned, int(id))
	}
	slices.Sort(banned)
	o := Options{Beams: 5, MaxLength: 20, LengthPenalty: 0.6, NoRepeatNgram: 2, EOS: model.Config.EOSTokenID, Banned: banned}
	for _, w := range want.Texts {
		source, err := tokenizer.Source(w.Text, 64)
		must(t, err)
		if !slices.Equal(source, w.Source) {
			t.Errorf("%q is cut as %v, by transformers as %v", w.Text, source, w.Source)
			continue
		}
		found, err := decode(model, [][]int32{source}, []int{model.Config.Languages[w.Target].ID}, o, always, ignore)
		must(t, err)
		tokens := make([]int32, len(found[0][0].Tokens))
		for k, id := range found[0][0].Tokens {
			tokens[k] = int32(id)
		}
		text, err := tokenizer.Decode(tokens)
		must(t, err)
		if !slices.Equal(found[0][0].Tokens, w.IDs) || text != w.Summary {
			t.Errorf("%q into %s: %v %q, by transformers %v %q", w.Text, w.Target, found[0][0].Tokens, text, w.IDs, w.Summary)
		}
	}
}
