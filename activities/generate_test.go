package activities

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/schemas"
)

// world has pairs of so many test samples each, with hashes as the activity makes them.
func world(sizes map[string]int) map[string][]testSample {
	pairs := map[string][]testSample{}
	for pair, n := range sizes {
		for i := 0; i < n; i++ {
			s := testSample{sourceLanguage: pair[:1], sourceID: fmt.Sprint(i), targetLanguage: pair[2:], targetID: fmt.Sprint(i)}
			sum := sha256.Sum256([]byte(pair + fmt.Sprint(i)))
			s.hash = string(sum[:])
			pairs[pair] = append(pairs[pair], s)
		}
	}
	return pairs
}

func chosenCounts(pairs map[string][]testSample) (counts map[string]int, all int) {
	counts = map[string]int{}
	for name, samples := range pairs {
		counts[name] = len(chosenOf(samples))
		all += counts[name]
	}
	return counts, all
}

func TestTheLargestPairsGetTheirMinimumAndTheRestIsDrawnByHash(t *testing.T) {
	sizes := map[string]int{"a-b": 400, "b-a": 400, "a-c": 100, "c-a": 3, "b-c": 2, "c-b": 1}
	pairs := world(sizes)
	choose(pairs, schemas.GenerateParams{Samples: 60, LargestPairs: 4, SamplesAPair: 5})
	counts, all := chosenCounts(pairs)
	if all != 60 {
		t.Errorf("%d samples chosen, wanted 60: %v", all, counts)
	}
	for pair, least := range map[string]int{"a-b": 5, "b-a": 5, "a-c": 5, "c-a": 3} { // c-a has no more
		if counts[pair] < least {
			t.Errorf("%s: %d chosen, wanted at least %d", pair, counts[pair], least)
		}
	}
	if counts["a-b"] < 12 || counts["b-a"] < 12 { // 42 drawn from some 890, 395 of them each
		t.Errorf("not in proportion: %v", counts)
	}
	again := world(sizes)
	choose(again, schemas.GenerateParams{Samples: 60, LargestPairs: 4, SamplesAPair: 5})
	for name := range pairs {
		if !reflect.DeepEqual(chosenOf(pairs[name]), chosenOf(again[name])) {
			t.Errorf("%s: another choice the second time", name)
		}
	}
}

func TestAMinimumAboveTheNumberOfSamplesWinsAndZeroMeansAll(t *testing.T) {
	pairs := world(map[string]int{"a-b": 9, "b-a": 8, "a-c": 7})
	choose(pairs, schemas.GenerateParams{Samples: 4, LargestPairs: 2, SamplesAPair: 5})
	if counts, _ := chosenCounts(pairs); !reflect.DeepEqual(counts, map[string]int{"a-b": 5, "b-a": 5, "a-c": 0}) {
		t.Errorf("got %v", counts)
	}
	pairs = world(map[string]int{"a-b": 9, "b-a": 8})
	choose(pairs, schemas.GenerateParams{Samples: 0, LargestPairs: 1, SamplesAPair: 1})
	if _, all := chosenCounts(pairs); all != 17 {
		t.Errorf("%d of 17 chosen", all)
	}
	pairs = world(map[string]int{"a-b": 3})
	choose(pairs, schemas.GenerateParams{Samples: 600, LargestPairs: 40, SamplesAPair: 5})
	if _, all := chosenCounts(pairs); all != 3 {
		t.Errorf("%d of 3 chosen", all)
	}
}

func TestALanguageThatTheModelWasNeverTrainedOnIsNotGeneratedAndTakesNothingElseDown(t *testing.T) {
	s, err := store.Open(t.TempDir())
	noError(t, err)
	d := &dataset{t: t, store: s}
	var in schemas.GenerateInput
	in.Params.Samples, in.Params.LargestPairs, in.Params.SamplesAPair = 3, 2, 2
	var rows []schemas.SampleRow
	for _, pair := range [][2]string{{"english", "thai"}, {"thai", "english"}, {"english", "english"}} {
		for _, id := range []string{"a", "b", "c", "d"} {
			rows = append(rows, schemas.SampleRow{SourceLanguage: pair[0], SourceID: id, TargetLanguage: pair[1], TargetID: id, Split: "test"})
		}
	}
	in.Splits = d.publish("split_dedup", []string{"all"}, func(_, dir string) {
		noError(t, arrowfile.WriteRows(filepath.Join(dir, "samples.arrow"), len(rows), func(i int) schemas.SampleRow { return rows[i] }))
	})
	in.Model = d.publish("train", []string{"all"}, func(_, dir string) {
		put(t, filepath.Join(dir, "config.json"), `{"task_specific_params": {"langid_map": {"english": [5, "x"]}}}`)
	})
	pairs, err := (&Activities{Config{Store: s}}).readTestPairs(in)
	noError(t, err)
	if counts, all := chosenCounts(pairs); len(pairs) != 3 || all != 4 || counts["english-thai"] != 0 || counts["thai-english"] < 2 || counts["english-english"] < 2 {
		t.Errorf("chosen %v", counts) // two of each of the two pairs that can be decoded
	}
}
