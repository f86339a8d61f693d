package split

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// remembered is what the catalogues of a ledger have ever published of one article, withdrawn or not.
type remembered struct {
	Language, ID string
	Split        string // when a catalogue last held it: Train, if it ever was that
}

func (r remembered) compare(language, id string) int {
	return cmp.Or(cmp.Compare(r.Language, language), cmp.Compare(r.ID, id))
}

// history is what a new catalogue must know of the ones before it. An article is known by its identity and by its content:
// one that was trained on, and comes back under another id, is still one that was trained on.
type history struct {
	rows    []remembered // by (language, id)
	trained [][32]byte   // Article.Content of whatever was ever in train, rising
}

// readHistory reads what an entry of a ledger wrote; no paths, no history.
func readHistory(rows, trained string) (*history, error) {
	h := &history{}
	if rows == "" && trained == "" {
		return h, nil
	}
	var names arrowfile.Names
	err := arrowfile.Each(rows, func(row *schemas.HistoryRow) error {
		r := remembered{Language: names.Clone(row.Language), ID: arrowfile.Clone(row.ID), Split: splits[precedence[row.Split]]}
		if n := len(h.rows); r.Split == "" || n > 0 && h.rows[n-1].compare(r.Language, r.ID) >= 0 {
			return corrupt("%s: article %s/%q with split %q is out of order, or was never published", rows, r.Language, r.ID, row.Split)
		}
		h.rows = append(h.rows, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = arrowfile.Each(trained, func(row *schemas.TrainedRow) error {
		digest, err := hex.DecodeString(row.Content)
		if err != nil || len(digest) != 32 {
			return corrupt("%s: %.80q is no SHA-256", trained, row.Content)
		}
		h.trained = append(h.trained, [32]byte(digest))
		return nil
	})
	h.trained = sorted(h.trained)
	return h, err
}

// sorted are digests in their order, each once.
func sorted(digests [][32]byte) [][32]byte {
	slices.SortFunc(digests, compareDigests)
	return slices.Compact(digests)
}

func compareDigests(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }

// recall tells the articles, which are in order, what is known of them.
func (h *history) recall(articles []Article) {
	i := 0
	for n := range articles {
		a := &articles[n]
		for i < len(h.rows) && h.rows[i].compare(a.Language, a.ID) < 0 {
			i++
		}
		_, a.Trained = slices.BinarySearchFunc(h.trained, a.Content, compareDigests)
		if i < len(h.rows) && h.rows[i].compare(a.Language, a.ID) == 0 {
			a.Published = h.rows[i].Split
		}
	}
}

// with is the history of which these articles, so assigned, are the newest catalogue.
func (h *history) with(articles []Article, assigned []Assignment) *history {
	next := &history{rows: slices.Grow([]remembered(nil), max(len(h.rows), len(articles))), trained: slices.Clone(h.trained)}
	i := 0
	for n, a := range articles {
		for ; i < len(h.rows) && h.rows[i].compare(a.Language, a.ID) < 0; i++ {
			next.rows = append(next.rows, h.rows[i])
		}
		r := remembered{Language: a.Language, ID: a.ID, Split: published(assigned, n)}
		if i < len(h.rows) && h.rows[i].compare(a.Language, a.ID) == 0 {
			i++
		}
		if next.rows = append(next.rows, r); r.Split == Train {
			next.trained = append(next.trained, a.Content)
		}
	}
	next.rows, next.trained = append(next.rows, h.rows[i:]...), sorted(next.trained)
	return next
}

// published is the split that article n stands for: the one of its component, which has the content of those it drops.
func published(assigned []Assignment, n int) string { return assigned[n].of }

func (h *history) write(dir string) error {
	return errors.Join(
		arrowfile.WriteRows(filepath.Join(dir, "history.arrow"), len(h.rows), func(i int) schemas.HistoryRow {
			return schemas.HistoryRow{Language: h.rows[i].Language, ID: h.rows[i].ID, Split: h.rows[i].Split}
		}),
		arrowfile.WriteRows(filepath.Join(dir, "trained.arrow"), len(h.trained), func(i int) schemas.TrainedRow {
			return schemas.TrainedRow{Content: hex.EncodeToString(h.trained[i][:])}
		}))
}

func corrupt(format string, args ...any) error {
	e := invalid(format, args...).(*fault.Error)
	e.Type = schemas.CorruptObject
	return e
}
