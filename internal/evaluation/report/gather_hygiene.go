package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// misplacedShown is how many articles with a summary in another language the page lists.
const misplacedShown = 20

// languages reads what screening counted in every language, and some of what it found misplaced.
func (g *gathering) languages() error {
	units, err := g.units(schemas.Screen.Of(g.in.Made))
	if err != nil {
		return err
	}
	for _, u := range units {
		c := u.Counts
		if _, screened := u.Files["languages.arrow"]; !screened {
			continue
		}
		g.Hygiene = append(g.Hygiene, Hygiene{Name: u.Name, Articles: c["articles"], Misplaced: c["misplaced"], SetAside: c["set_aside"],
			MovedIn: c["moved_in"], MovedOut: c["moved_out"], Templates: c["templates"], Templated: c["templated"], Siblings: c["siblings"],
			Mojibake: c["mojibake"], ReplacementCharacters: c["replacement_characters"], Zawgyi: c["zawgyi"]})
		if c["misplaced"] == 0 {
			continue
		}
		add := func(r *schemas.SetAsideRow) error {
			g.Misplaced = append(g.Misplaced, Misplaced{Language: arrowfile.Clone(r.Language), ID: arrowfile.Clone(r.ID),
				Identified: arrowfile.Clone(r.Identified), Probability: float64(r.Probability), Reason: arrowfile.Clone(r.Reason)})
			return nil
		}
		err := each(g, u, "languages.arrow", func(r *schemas.IdentifiedRow) error {
			if r.OK == nil || *r.OK {
				return nil
			}
			return add(&schemas.SetAsideRow{Language: r.Language, ID: r.ID, Identified: r.Identified, Probability: r.Probability})
		})
		if err == nil {
			err = each(g, u, "set_aside.arrow", add)
		}
		if err != nil {
			return err
		}
		g.Misplaced = someMisplaced(g.Misplaced)
	}
	return nil
}

// someMisplaced takes misplacedShown of them by a hash, which prefers no language, in (language, id) order.
func someMisplaced(all []Misplaced) []Misplaced {
	if len(all) <= misplacedShown {
		return all
	}
	hash := func(m Misplaced) []byte {
		sum := sha256.Sum256([]byte(m.Language + "\x00" + m.ID))
		return sum[:]
	}
	sort.Slice(all, func(i, j int) bool { return bytes.Compare(hash(all[i]), hash(all[j])) < 0 })
	all = all[:misplacedShown]
	slices.SortFunc(all, func(a, b Misplaced) int { return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.ID, b.ID)) })
	return all
}
