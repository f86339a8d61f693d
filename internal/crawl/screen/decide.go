package screen

import (
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// What is done with articles whose summary is not in their file's language.
const (
	Keep    = "keep"
	Aside   = "set_aside"
	Move    = "move"
	stays   = ""             // reasons: it stays, misplaced as it is
	left    = "misplaced"    // set aside
	removed = "moved"        // it goes to the file of its language
	nowhere = "no_language"  // it was to, but no language of the run, or more than one, has the label
	taken   = "duplicate_id" // it was to, but the id is taken there
)

// finding is what the classifier says of one article, judged.
type finding struct {
	language    int    // number in Input.Languages
	id          string // of one that each gives: valid until the next
	label       string
	probability float32
	script      string
	ok          *bool
	misplaced   bool
	sure        bool   // that it is what its label says: its script alone may have given it away
	to          int    // of a misplaced one that moves: number of its language; else -1
	reason      string // what becomes of a misplaced one
}

// judge reads the classifications of all languages.
type judge struct {
	in     Input
	homes  []Home            // of the languages
	copies map[original]bool // the texts in doubt that stand in a file of the label's language
}

// original is a text, by hash, in a file of a language, by label.
type original struct {
	hash  int64
	label string
}

// newJudge looks for originals of the texts of the given languages.
func newJudge(in Input, languages []int) (*judge, error) {
	j := &judge{in: in, copies: map[original]bool{}}
	for _, name := range in.Languages {
		home, err := HomeOf(name)
		if err != nil {
			return nil, fault.Of(schemas.InvalidInput, err)
		}
		j.homes = append(j.homes, home)
	}
	doubts := map[original]bool{}
	for _, language := range languages {
		err := j.read(language, func(r *schemas.ClassifiedRow) {
			if v := j.verdict(language, r); !Misplaced(v, in.Params) {
				if v.Original = true; Misplaced(v, in.Params) {
					doubts[original{r.Hash, arrowfile.Clone(v.Label)}] = true
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for language := range in.Languages {
		err := j.read(language, func(r *schemas.ClassifiedRow) {
			if o := (original{r.Hash, j.homes[language].Label}); doubts[o] {
				j.copies[o] = true
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return j, nil
}

func (j *judge) read(language int, f func(*schemas.ClassifiedRow)) error {
	return arrowfile.Each(j.in.Classified[language], func(r *schemas.ClassifiedRow) error {
		f(r)
		return nil
	})
}

// verdict is what a row of schemas.ClassifiedRow says; Label shares the batch's memory.
func (j *judge) verdict(language int, r *schemas.ClassifiedRow) Verdict {
	v := Verdict{Home: j.homes[language], Label: r.Label, Probability: float64(r.Probability), Wanted: float64(r.Wanted),
		Letters: int(r.Letters), Script: r.Script, OtherLetters: int(r.OtherLetters), SmallWords: int(r.SmallWords)}
	v.Original = j.copies[original{r.Hash, v.Label}]
	return v
}

// each judges a language's articles in their order.
func (j *judge) each(language int, use func(finding) error) error {
	var labels arrowfile.Names
	return arrowfile.Each(j.in.Classified[language], func(r *schemas.ClassifiedRow) error {
		v := j.verdict(language, r)
		f := finding{language: language, id: r.ID, label: labels.Clone(v.Label), probability: r.Probability, script: labels.Clone(v.Script),
			ok: OK(v, j.in.Params), misplaced: Misplaced(v, j.in.Params), to: -1}
		if f.misplaced && j.in.Params.Misplaced != Keep {
			f.reason = left
		}
		if f.misplaced {
			itself := v.itself() && v.otherScript(j.in.Params)
			f.sure = itself || v.otherLanguage(j.in.Params) || v.Probability >= j.in.Params.OriginalProbability
			if itself && v.Wanted > j.in.Params.OwnAtMost {
				f.label = v.Home.Label // whatever relative the classifier names
			}
		}
		return use(f)
	})
}

// identified names the language of a label: that of the article's own file, if it has the label and is not in another script,
// else the one of the run.
func (j *judge) identified(f finding) string {
	if home := j.homes[f.language]; home.Label == f.label && (!f.misplaced || home.writes(f.script)) {
		return j.in.Languages[f.language]
	}
	if to := j.home(f.label, f.script); to >= 0 {
		return j.in.Languages[to]
	}
	return f.label
}

// home is the language of the run that has a label and may be written in a script; of several that are written alike, the one
// whose code it is (en, not en-GB; zh-Hant, not zh-HK); -1 without one, and where nothing says which script it is.
func (j *judge) home(label, script string) int {
	var found []int
	for i, h := range j.homes {
		if h.Label != "" && h.Label == label && h.writes(script) {
			found = append(found, i)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	home := -1
	for _, i := range found {
		h := j.homes[i]
		if h.scripts[0] != j.homes[found[0]].scripts[0] {
			return -1
		}
		if h.Code == label || h.Code == label+"-"+h.scripts[0] {
			home = i
		}
	}
	return home
}

// moves says of all misplaced articles of the run where they go: into the file of their language, unless an article that
// stays there, or one that comes there first, in (language, id) order, has the id.
func (j *judge) moves() ([]finding, error) {
	var all []finding
	incoming := make([]map[string]int, len(j.in.Languages)) // by language and id: how many want it
	leaving := make([]map[string]bool, len(j.in.Languages))
	for i := range j.in.Languages {
		incoming[i], leaving[i] = map[string]int{}, map[string]bool{}
	}
	for language := range j.in.Languages {
		err := j.each(language, func(f finding) error {
			if !f.misplaced {
				return nil
			}
			f.id = arrowfile.Clone(f.id)
			if f.to, f.reason = j.home(f.label, f.script), removed; f.to < 0 || f.to == language || !f.sure {
				f.to, f.reason = -1, nowhere
			} else {
				incoming[f.to][f.id] = 0
			}
			leaving[language][f.id] = true
			all = append(all, f)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for language, ids := range incoming {
		if len(ids) == 0 {
			continue
		}
		err := j.read(language, func(r *schemas.ClassifiedRow) {
			if _, ok := ids[r.ID]; ok && !leaving[language][r.ID] {
				ids[arrowfile.Clone(r.ID)]++
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for i := range all {
		f := &all[i]
		if f.to < 0 {
			continue
		}
		if incoming[f.to][f.id]++; incoming[f.to][f.id] > 1 {
			f.to, f.reason = -1, taken
		}
	}
	sort.SliceStable(all, func(a, b int) bool { return all[a].id < all[b].id })
	return all, nil
}
