package activities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/evaluation/report"
	"crosssum/schemas"
)

// misplacedShown is how many articles with a summary in another language the page lists.
const misplacedShown = 20

// gatherLanguages reads what screening counted in every language, and some of what it found misplaced.
func (a *Activities) gatherLanguages(_ context.Context, in schemas.ReportInput, d *report.Data) error {
	if in.Articles.Index == "" {
		return nil
	}
	index, err := a.index(in.Articles)
	if err != nil {
		return err
	}
	for _, u := range index.Units {
		c := u.Counts
		if _, screened := u.Files["languages.arrow"]; !screened {
			continue
		}
		d.Hygiene = append(d.Hygiene, report.Hygiene{Name: u.Name, Articles: c["articles"], Misplaced: c["misplaced"], SetAside: c["set_aside"],
			MovedIn: c["moved_in"], MovedOut: c["moved_out"], Templates: c["templates"], Templated: c["templated"], Siblings: c["siblings"],
			Mojibake: c["mojibake"], ReplacementCharacters: c["replacement_characters"]})
		if c["misplaced"] == 0 {
			continue
		}
		kept, err := a.Store.File(u, "languages.arrow")
		if err != nil {
			return err
		}
		aside, err := a.Store.File(u, "set_aside.arrow")
		if err != nil {
			return err
		}
		err = arrowfile.Each(kept, schemas.Identified, func(r arrowfile.Row) error {
			if !r.Bool(4) {
				d.Misplaced = append(d.Misplaced, misplaced(r, 2, ""))
			}
			return nil
		})
		if err != nil {
			return err
		}
		err = arrowfile.Each(aside, schemas.SetAside, func(r arrowfile.Row) error {
			d.Misplaced = append(d.Misplaced, misplaced(r, 3, arrowfile.Clone(r.Str(2))))
			return nil
		})
		if err != nil {
			return err
		}
		d.Misplaced = someMisplaced(d.Misplaced)
	}
	return nil
}

// misplaced is a row of schemas.Identified or SetAside; identified is the field of the language, before its probability.
func misplaced(r arrowfile.Row, identified int, reason string) report.Misplaced {
	return report.Misplaced{Language: arrowfile.Clone(r.Str(0)), ID: arrowfile.Clone(r.Str(1)), Identified: arrowfile.Clone(r.Str(identified)),
		Probability: r.Float(identified + 1), Reason: reason}
}

// someMisplaced takes misplacedShown of them by a hash, which prefers no language, in (language, id) order.
func someMisplaced(all []report.Misplaced) []report.Misplaced {
	if len(all) <= misplacedShown {
		return all
	}
	hash := func(m report.Misplaced) []byte {
		sum := sha256.Sum256([]byte(m.Language + "\x00" + m.ID))
		return sum[:]
	}
	sort.Slice(all, func(i, j int) bool { return bytes.Compare(hash(all[i]), hash(all[j])) < 0 })
	all = all[:misplacedShown]
	sort.Slice(all, func(i, j int) bool {
		return all[i].Language < all[j].Language || all[i].Language == all[j].Language && all[i].ID < all[j].ID
	})
	return all
}
