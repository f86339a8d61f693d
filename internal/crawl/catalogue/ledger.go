// Package catalogue keeps a set of articles current, crawl after crawl: the ledger, which says which crawls were taken in
// which order and what stands after each; and the merge of a crawl into the articles before it.
package catalogue

import (
	"fmt"
	"slices"

	"crosssum/internal/artifact/store"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// What a crawl does to an article.
const (
	New       = "new"
	Edited    = "edited"
	Withdrawn = "withdrawn"
)

// ref is the store's growing list that a ledger is.
func ref(name string) string { return "catalogue/" + name }

// History reads the entries of a ledger in order: none for a name that has none yet.
func History(s *store.Store, name string) ([]schemas.Entry, error) {
	digests, err := s.Refs(ref(name))
	if err != nil {
		return nil, err
	}
	entries := make([]schemas.Entry, len(digests))
	for i, digest := range digests {
		if entries[i], err = read(s, name, i+1, digest); err != nil {
			return nil, err
		}
		if i > 0 && entries[i].Previous != digests[i-1] {
			return nil, corrupt("catalogue %s: entry %d follows %.12s, and entry %d is %.12s", name, i+1, entries[i].Previous, i, digests[i-1])
		}
	}
	return entries, nil
}

// Newest is the last entry of a ledger, nil for an empty one.
func Newest(s *store.Store, name string) (*schemas.Entry, error) {
	digests, err := s.Refs(ref(name))
	if err != nil || len(digests) == 0 {
		return nil, err
	}
	entry, err := read(s, name, len(digests), digests[len(digests)-1])
	return &entry, err
}

func read(s *store.Store, name string, number int, digest string) (schemas.Entry, error) {
	entry := schemas.Entry{Object: digest}
	var named struct{ Params struct{ Preset string } }
	if err := s.GetJSON(digest, &named); err != nil {
		return entry, err
	}
	if preset, ok := schemas.Presets[named.Params.Preset]; ok { // a parameter younger than the entry has its preset's value
		entry.Params.Params = preset()
	}
	entry.Params.Params = schemas.Paper() // for parameters that there were not yet when it was written
	if err := s.GetJSON(digest, &entry.Catalogue); err != nil {
		return entry, err
	}
	if entry.Name != name || entry.Number != number {
		return entry, corrupt("catalogue %s: entry %d says that it is number %d of %s", name, number, entry.Number, entry.Name)
	}
	return entry, nil
}

// Take makes entry the next of its ledger. Of several writers of one number the first wins: there is the entry that stands
// at the number now, and mine says whether it is this one. A retry of a writer that won is told so again.
func Take(s *store.Store, entry schemas.Catalogue) (there schemas.Entry, mine bool, err error) {
	digests, err := s.Refs(ref(entry.Name))
	if err != nil {
		return there, false, err
	}
	previous := ""
	if n := entry.Number; n < 1 || n > len(digests)+1 {
		return there, false, fmt.Errorf("catalogue %s: entry %d cannot follow entry %d", entry.Name, n, len(digests))
	} else if n > 1 {
		previous = digests[n-2]
	}
	if entry.Previous != previous {
		return there, false, fmt.Errorf("catalogue %s: entry %d was made from %.12s, and entry %d is %.12s", entry.Name, entry.Number,
			entry.Previous, entry.Number-1, previous)
	}
	object, err := s.PutJSON(entry)
	if err != nil {
		return there, false, err
	}
	first, err := s.AddRef(ref(entry.Name), entry.Number, object.Digest)
	if err != nil {
		return there, false, err
	}
	there, err = read(s, entry.Name, entry.Number, first)
	return there, first == object.Digest, err
}

// Contains is the number of the newest entry that took the crawl of this digest, 0 if none did.
func Contains(entries []schemas.Entry, digest string) int {
	for _, e := range slices.Backward(entries) {
		if e.Digest == digest {
			return e.Number
		}
	}
	return 0
}

// Check compares what a crawl would be taken with, with the ledger's newest entry (nil: an empty ledger). Vectors of two
// encoders cannot be compared, and neither can scores and thresholds: one ledger has one encoder, from its first entry on.
// Rules, thresholds and shares may change from crawl to crawl; each entry says what it was made with.
func Check(newest *schemas.Entry, next schemas.Catalogue) error {
	if newest == nil {
		return nil
	}
	a, b := newest.Params, next.Params
	for _, fixed := range []struct {
		name     string
		was, now any
	}{
		{"encoder.name", a.Encoder.Name, b.Encoder.Name}, {"the encoder's files (digest)", newest.Encoder, next.Encoder},
		{"encoder.prefix", a.Encoder.Prefix, b.Encoder.Prefix}, {"encoder.max_tokens", a.Encoder.MaxTokens, b.Encoder.MaxTokens},
		{"numerics", a.Numerics, b.Numerics},
	} {
		if fixed.was != fixed.now {
			return fault.New(schemas.InvalidInput, "two encoders mixed in one catalogue: %q was made with %s %q, "+
				"and this run has %q (%s with prefix %q, now %s with prefix %q): run with the first, or begin a catalogue of another name "+
				"(--catalogue)", newest.Name, fixed.name, fmt.Sprint(fixed.was), fmt.Sprint(fixed.now), a.Encoder.Name, a.Encoder.Prefix,
				b.Encoder.Name, b.Encoder.Prefix)
		}
	}
	return nil
}

// Untaken lists the files of a crawl that are to be taken. A crawl that is new to the ledger is taken whole. One that came
// before under its name and mode, with other files, was mended: what an entry took of it already is passed over, lest old rows come
// back over newer ones, and so is what failed with just these bytes, unless retry. Of a snapshot a language is taken with
// all its files or not at all: what they lack together is what it withdraws.
func Untaken(entries []schemas.Entry, crawl, mode string, files []schemas.CrawlFile, retry bool) []schemas.CrawlFile {
	type file struct{ language, split, digest string }
	state := map[file]string{}
	for _, e := range entries {
		if e.Crawl != crawl || e.Mode != mode {
			continue
		}
		for _, f := range e.Files {
			state[file{f.Language, f.Split, f.Digest}] = f.State
		}
	}
	wanted := func(f schemas.CrawlFile) bool {
		s, known := state[file{f.Language, f.Split, f.Digest}]
		return !known || s == schemas.FileFailed && retry
	}
	languages := map[string]bool{}
	for _, f := range files {
		languages[f.Language] = languages[f.Language] || wanted(f)
	}
	var out []schemas.CrawlFile
	for _, f := range files {
		if wanted(f) || mode == schemas.ModeSnapshot && languages[f.Language] {
			out = append(out, f)
		}
	}
	return out
}

func corrupt(format string, args ...any) error {
	return fault.New(schemas.CorruptObject, format, args...)
}
