package activities

import "testing"

func TestDataSetsOfOtherRowsSaySoInTheirCards(t *testing.T) {
	first := func() exportMaterial {
		return exportMaterial{Articles: map[string]string{"english": "e", "hindi": "h"}, Languages: map[string]string{"english": "l"}, Samples: "s",
			Splits: "t", Pairs: "p", Crawls: []crawlChanges{{Crawl: "c"}, {"d", map[string]string{"hindi": "x"}}}}
	}
	seen := map[string]string{}
	for name, change := range map[string]func(*exportMaterial){
		"the first run":                            func(*exportMaterial) {},
		"a run of another crawl":                   func(m *exportMaterial) { m.Articles["hindi"] = "i" },
		"a re-run with another threshold":          func(m *exportMaterial) { m.Pairs, m.Samples = "q", "s2" },
		"a re-run with pairs of other scores":      func(m *exportMaterial) { m.Pairs = "r" },
		"a re-run with native pairs":               func(m *exportMaterial) { m.Samples = "s3" },
		"an entry of another crawl":                func(m *exportMaterial) { m.Crawls[0].Crawl = "g" },
		"a re-run with another share of train":     func(m *exportMaterial) { m.Splits = "u" },
		"a re-run that knows more of languages":    func(m *exportMaterial) { m.Languages["hindi"] = "m" },
		"the next entry of a catalogue":            func(m *exportMaterial) { m.Crawls = append(m.Crawls, crawlChanges{Crawl: "f"}) },
		"an entry whose crawl changed other rows":  func(m *exportMaterial) { m.Crawls[1].Changes["hindi"] = "y" },
		"an entry that took the same crawl later":  func(m *exportMaterial) { m.Crawls[0], m.Crawls[1] = m.Crawls[1], m.Crawls[0] },
		"a run with one language more, of no pair": func(m *exportMaterial) { m.Articles["thai"] = "t" },
	} {
		m := first()
		change(&m)
		rows, err := m.rows()
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[rows]; ok {
			t.Errorf("%s and %s are one data set to datasets", name, other)
		}
		seen[rows] = name
	}
	m := first()
	if again, err := m.rows(); err != nil || seen[again] != "the first run" {
		t.Errorf("the same data set is another one: %v", err)
	}
}
