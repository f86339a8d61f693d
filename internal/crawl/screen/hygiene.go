package screen

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"crosssum/internal/model/texts"

	"github.com/zeebo/xxh3"
)

// hygiene counts, within one language, what makes alignment hard though each article is fine by itself. Of each article it
// keeps a hash of the summary.
type hygiene struct {
	template  int     // articles from which a shared summary is a template
	summaries []int64 // Hash of each article's, in order
	keys      int     // that siblings will compare
	burmese   bool
	mojibake  int64
	replaced  int64
	zawgyi    int64
}

// add takes one article's summary, text and title.
func (h *hygiene) add(summary string, others ...string) {
	h.summaries = append(h.summaries, texts.Hash(summary))
	variants(summary, func(uint64) { h.keys++ })
	misread, replaced := Mojibake(summary), strings.ContainsRune(summary, utf8.RuneError)
	for _, t := range others {
		replaced = replaced || strings.ContainsRune(t, utf8.RuneError)
		misread = misread || Mojibake(t)
	}
	if h.burmese && (Zawgyi(summary) || slices.ContainsFunc(others, Zawgyi)) {
		h.zawgyi++
	}
	if replaced {
		h.replaced++
	}
	if misread || replaced {
		h.mojibake++
	}
}

// counts: shared_summaries, the distinct summaries that several articles have; templates, those that many have, and
// templated, the articles that have those; siblings, the articles whose summary differs by one word (or, where there are
// no words, one letter) from another of the language; mojibake, the articles with a text that was decoded wrongly, and
// replacement_characters, those of them that have U+FFFD; zawgyi, articles of Burmese with a text in Zawgyi. each goes through the summaries again, in the order of add.
func (h *hygiene) counts(into map[string]int64, each func(f func(summary string)) error) error {
	into["shared_summaries"], into["templates"], into["templated"] = 0, 0, 0
	sorted := slices.Clone(h.summaries)
	slices.Sort(sorted)
	for from, to := 0, 0; from < len(sorted); from = to {
		for to < len(sorted) && sorted[to] == sorted[from] {
			to++
		}
		if to-from > 1 {
			into["shared_summaries"]++
		}
		if to-from >= h.template {
			into["templates"]++
			into["templated"] += int64(to - from)
		}
	}
	into["mojibake"], into["replacement_characters"] = h.mojibake, h.replaced
	into["zawgyi"] = h.zawgyi
	var err error
	into["siblings"], err = h.siblings(each)
	return err
}

// keysAtATime is how many keys siblings holds in memory, of 16 bytes: the summaries are read once for so many.
var keysAtATime = 1 << 20 // changed by tests alone

// siblings finds summaries that are alike but for one part: they have a variant in common. Variants are compared in passes,
// each over those whose key falls to it.
func (h *hygiene) siblings(each func(f func(summary string)) error) (found int64, err error) {
	type entry struct {
		key uint64
		row int32
	}
	entries, alike := make([]entry, 0, min(h.keys, keysAtATime)), make([]bool, len(h.summaries))
	passes := uint64(h.keys/keysAtATime + 1)
	for pass := range passes {
		entries = entries[:0]
		row := int32(0)
		if err := each(func(summary string) {
			variants(summary, func(key uint64) {
				if key%passes == pass {
					entries = append(entries, entry{key, row})
				}
			})
			row++
		}); err != nil {
			return 0, err
		}
		slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
		for from, to := 0, 0; from < len(entries); from = to {
			several := false // summaries have the variant
			for ; to < len(entries) && entries[to].key == entries[from].key; to++ {
				several = several || h.summaries[entries[to].row] != h.summaries[entries[from].row]
			}
			for _, e := range entries[from:to] {
				alike[e.row] = alike[e.row] || several
			}
		}
	}
	for _, a := range alike {
		if a {
			found++
		}
	}
	return found, nil
}

// Of a summary whose parts have the hashes h_0, h_1, ... the key is the polynomial h_0 + h_1 x + ... modulo 2^64.
const (
	x      = 0x9e3779b97f4a7c15
	struck = 0x5bd1e9955bd1e995 // the hash of what stands for a part that was struck out
)

// variants calls f with the keys of a summary, of it with each part struck out, and of it with each part taken out: two that
// differ by a replaced part have the first in common, and one that lacks a part equals the other with it taken out. A text of
// less than three parts has none.
func variants(summary string, f func(key uint64)) {
	parts := parts(summary)
	if len(parts) < 3 {
		return
	}
	after := make([]uint64, len(parts)+1) // keys of the text from a part on
	for i := len(parts) - 1; i >= 0; i-- {
		after[i] = xxh3.HashString(parts[i]) + x*after[i+1]
	}
	f(after[0])
	before, power := uint64(0), uint64(1)
	for i := range parts {
		f(before + power*(struck+x*after[i+1]))
		f(before + power*after[i+1])
		before += power * (after[i] - x*after[i+1])
		power *= x
	}
}

// parts are the words of a text; its characters where it has fewer than three words, as in scripts without spaces.
func parts(text string) []string {
	words := strings.Fields(text)
	if len(words) >= 3 || len(words) > 0 && !wide(text) {
		return words
	}
	var out []string
	for _, r := range text {
		out = append(out, string(r))
	}
	return out
}

// wide tells whether a text is of a script that has no spaces between words or says a syllable a letter: Letters counts
// more than characters.
func wide(text string) bool { return texts.Letters(text) > utf8.RuneCountInString(text) }
