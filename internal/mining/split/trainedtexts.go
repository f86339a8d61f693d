package split

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/mining/neardup"
	"crosssum/schemas"
)

// TrainedTextsFile is the name of the file in which a catalogue keeps what the texts that ever were in train are known by.
const TrainedTextsFile = "trained_texts.arrow"

// doubt is how far under the threshold the estimate of two signatures still counts as near, where a text is no longer there to be
// compared: two and a half standard deviations.
const doubt = 0.1

// trainedText is one row of that file.
type trainedText struct {
	text, summary neardup.Digest
	signature     neardup.Signature
}

func (t trainedText) compare(other trainedText) int {
	return cmp.Or(bytes.Compare(t.text[:], other.text[:]), bytes.Compare(t.summary[:], other.summary[:]))
}

// readTrainedTexts reads the file of the catalogue before, by language; of the first there is none.
func readTrainedTexts(path string) (map[string][]trainedText, error) {
	texts := map[string][]trainedText{}
	if path == "" {
		return texts, nil
	}
	var names arrowfile.Names
	return texts, arrowfile.Each(path, func(row *schemas.TrainedTextRow) error {
		t, err := parseTrained(row)
		if err != nil {
			return corrupt("%s: %s: %v", path, row.Language, err)
		}
		language := names.Clone(row.Language)
		texts[language] = append(texts[language], t)
		return nil
	})
}

func parseTrained(row *schemas.TrainedTextRow) (t trainedText, err error) {
	var errs [3]error
	t.text, errs[0] = neardup.ParseDigest(row.Text)
	t.summary, errs[1] = neardup.ParseDigest(row.Summary)
	t.signature, errs[2] = neardup.Unpack(row.Signature)
	return t, errors.Join(errs[:]...)
}

// recallTexts marks the articles whose text or summary was in train under whatever id and in whatever language, or whose text is near one
// of its language that was; an article that is Untested is not called trained for it, so that what is common ties nothing.
func recallTexts(in Input, rows []Article, past map[string][]trainedText) error {
	texts, summaries, current := map[neardup.Digest]bool{}, map[neardup.Digest]bool{}, map[neardup.Digest]bool{}
	for n := range rows {
		current[rows[n].Text] = true
	}
	for _, trained := range past {
		for _, t := range trained {
			texts[t.text], summaries[t.summary] = true, true
		}
	}
	for i, path := range in.Texts {
		from, to := span(rows, in.Languages[i])
		gone := slices.DeleteFunc(slices.Clone(past[in.Languages[i]]), func(t trainedText) bool { return current[t.text] }) // others are tied themselves
		if err := recallNear(path, rows[from:to], gone, in.Params.NearText); err != nil {
			return err
		}
	}
	for n := range rows {
		if a := &rows[n]; texts[a.Text] || summaries[a.Summary] {
			a.Trained = a.Trained || !a.Untested
		}
	}
	return nil
}

// span is where the articles of a language stand.
func span(rows []Article, language string) (from, to int) {
	from, _ = slices.BinarySearchFunc(rows, language, func(a Article, language string) int { return cmp.Compare(a.Language, language) })
	to = from
	for to < len(rows) && rows[to].Language == language {
		to++
	}
	return from, to
}

// recallNear marks the articles of a language whose signatures are near one of gone.
func recallNear(path string, rows []Article, gone []trainedText, threshold float64) error {
	if len(gone) == 0 {
		return nil
	}
	type entry struct {
		key uint64
		n   int32
	}
	var bands [neardup.Bands][]entry
	for band := range bands {
		for n := range gone {
			if gone[n].signature != (neardup.Signature{}) {
				bands[band] = append(bands[band], entry{gone[n].signature.Band(band), int32(n)})
			}
		}
		slices.SortFunc(bands[band], func(a, b entry) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.n, b.n)) })
	}
	n := -1
	return arrowfile.Each(path, func(row *schemas.TextDigestRow) error {
		n++
		signature, err := neardup.Unpack(row.Signature)
		if err != nil {
			return corrupt("%s: article %q: %v", path, row.ID, err)
		}
		if rows[n].Trained || rows[n].Untested || signature == (neardup.Signature{}) {
			return nil
		}
		for band, entries := range bands {
			key := signature.Band(band)
			i, _ := slices.BinarySearchFunc(entries, key, func(e entry, key uint64) int { return cmp.Compare(e.key, key) })
			for ; i < len(entries) && entries[i].key == key; i++ {
				if signature.Similarity(&gone[entries[i].n].signature) >= threshold-doubt {
					rows[n].Trained = true
					return nil
				}
			}
		}
		return nil
	})
}

// writeTrainedTexts adds the texts that are in train now to those that ever were.
func writeTrainedTexts(in Input, rows []Article, assigned []Assignment, past map[string][]trainedText, dir string) (err error) {
	w, err := arrowfile.Create[schemas.TrainedTextRow](filepath.Join(dir, TrainedTextsFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	current := map[string]string{}
	for i, path := range in.Texts {
		current[in.Languages[i]] = path
		if _, known := past[in.Languages[i]]; !known {
			past[in.Languages[i]] = nil // it has its place in the order all the same
		}
	}
	for _, language := range slices.Sorted(maps.Keys(past)) {
		texts := past[language]
		if path := current[language]; path != "" {
			n, _ := span(rows, language)
			if err := arrowfile.Each(path, func(row *schemas.TextDigestRow) error {
				a, trained := &rows[n], published(assigned, n) == Train
				if n++; !trained {
					return nil
				}
				signature, err := neardup.Unpack(row.Signature)
				texts = append(texts, trainedText{a.Text, a.Summary, signature})
				return err
			}); err != nil {
				return err
			}
		}
		slices.SortFunc(texts, trainedText.compare)
		for _, t := range slices.Compact(texts) {
			if err := w.Append(schemas.TrainedTextRow{Language: language, Text: t.text.String(), Summary: t.summary.String(), Signature: t.signature.Pack()}); err != nil {
				return err
			}
		}
	}
	return nil
}
