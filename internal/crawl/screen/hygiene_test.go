package screen

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestWhatAlignmentStumblesOverIsCounted(t *testing.T) {
	h := &hygiene{template: 3}
	summaries := []string{"transitional package", "transitional package", "transitional package", // a template
		"library for images", "library for images", // shared, no template
		"Lua bindings for images", "Lua bindings for sound", // siblings by a word
		"a tool to draw maps", "a tool to draw maps quickly", // by one word more
		"画像を表示する", "画像を印刷する", "画像を表示すること", // two letters apart and more
		"絵を描く道具", "絵を描く道具箱", // one letter more
		"alone it stands", "Linux"}
	for _, summary := range summaries {
		h.add(summary, "title", "text")
	}
	h.add("a caf\u00c3\u00a9 near the station, it is", "title", "text")
	h.add("nothing wrong in the summary, no", "title", "a \ufffd in the text")
	summaries = append(summaries, "a caf\u00c3\u00a9 near the station, it is", "nothing wrong in the summary, no")
	want := map[string]int64{"shared_summaries": 2, "templates": 1, "templated": 3, "siblings": 6, "mojibake": 2, "replacement_characters": 1, "zawgyi": 0}
	if got := counted(t, h, summaries); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// counted are the counts of summaries that were added.
func counted(t *testing.T, h *hygiene, summaries []string) map[string]int64 {
	t.Helper()
	got := map[string]int64{}
	if err := h.counts(got, func(f func(string)) error {
		for _, s := range summaries {
			f(s)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSiblingsAreThoseThatAnOrdinaryComparisonFindsHoweverFewKeysFitIntoMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for range 30 {
		h := &hygiene{template: 3}
		var summaries []string
		for range 60 {
			words := make([]string, 1+random.IntN(5))
			for i := range words {
				words[i] = string(rune('a' + random.IntN(3)))
			}
			summaries = append(summaries, strings.Join(words, " "))
			h.add(summaries[len(summaries)-1])
		}
		want := int64(0)
		for _, one := range summaries {
			if slices.ContainsFunc(summaries, func(other string) bool { return areSiblings(parts(one), parts(other)) }) {
				want++
			}
		}
		for _, keys := range []int{keysAtATime, 7} {
			defer func(before int) { keysAtATime = before }(keysAtATime)
			keysAtATime = keys
			if got := counted(t, h, summaries)["siblings"]; got != want {
				t.Fatalf("%d keys at a time: %d siblings of %q, want %d", keys, got, summaries, want)
			}
		}
	}
}

// areSiblings says whether two different texts of three parts or more are alike but for one that is replaced, added, or
// one in each that is taken out.
func areSiblings(a, b []string) bool {
	if len(a) < 3 || len(b) < 3 || slices.Equal(a, b) {
		return false
	}
	variants := func(parts []string) [][]string {
		all := [][]string{parts}
		for i := range parts {
			replaced := slices.Clone(parts)
			replaced[i] = "*"
			all = append(all, replaced, slices.Delete(slices.Clone(parts), i, i+1))
		}
		return all
	}
	for _, x := range variants(a) {
		for _, y := range variants(b) {
			if slices.Equal(x, y) {
				return true
			}
		}
	}
	return false
}
