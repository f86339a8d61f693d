package screen

import (
	"hash/fnv"
	"strings"
	"unicode/utf8"
)

// hygiene counts, within one language, what makes alignment hard though each article is fine by itself.
type hygiene struct {
	template int              // articles from which a shared summary is a template
	summary  map[string]int64 // articles by summary
	mojibake int64
	replaced int64
}

func newHygiene(template int) *hygiene {
	return &hygiene{template: template, summary: map[string]int64{}}
}

// add takes one article's summary, text and title.
func (h *hygiene) add(summary string, others ...string) {
	h.summary[strings.Clone(summary)]++
	texts := append([]string{summary}, others...)
	misread, replaced := false, false
	for _, t := range texts {
		replaced = replaced || strings.ContainsRune(t, utf8.RuneError)
		misread = misread || Mojibake(t)
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
// replacement_characters, those of them that have U+FFFD.
func (h *hygiene) counts(into map[string]int64) {
	into["shared_summaries"], into["templates"], into["templated"] = 0, 0, 0
	for _, n := range h.summary {
		if n > 1 {
			into["shared_summaries"]++
		}
		if n >= int64(h.template) {
			into["templates"]++
			into["templated"] += n
		}
	}
	into["siblings"] = h.siblings()
	into["mojibake"], into["replacement_characters"] = h.mojibake, h.replaced
}

// siblings finds summaries that are alike but for one part, by hashing every summary with each part struck out: two that
// differ by a replaced part are equal then, and one that lacks a part equals the other with it taken out.
func (h *hygiene) siblings() int64 {
	type group struct {
		first string
		more  bool // another summary came too
	}
	groups := map[uint64]group{}
	note := func(key uint64, summary string) {
		g, ok := groups[key]
		switch {
		case !ok:
			groups[key] = group{first: summary}
		case g.first != summary && !g.more:
			groups[key] = group{g.first, true}
		}
	}
	each := func(summary string, f func(key uint64)) {
		parts := parts(summary)
		if len(parts) < 3 {
			return
		}
		hash := fnv.New64a()
		for skip := -1; skip < len(parts); skip++ {
			for _, struck := range []string{"\x00", ""} { // replaced, or taken out
				hash.Reset()
				for i, p := range parts {
					if i == skip {
						p = struck
					}
					if p != "" {
						hash.Write(append([]byte(p), 0x1F))
					}
				}
				f(hash.Sum64())
				if skip < 0 {
					break // the whole: equals another with a part taken out
				}
			}
		}
	}
	for summary := range h.summary {
		each(summary, func(key uint64) { note(key, summary) })
	}
	found := int64(0)
	for summary, n := range h.summary {
		shared := false
		each(summary, func(key uint64) { shared = shared || groups[key].more })
		if shared {
			found += n
		}
	}
	return found
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
func wide(text string) bool { return Letters(text) > utf8.RuneCountInString(text) }
