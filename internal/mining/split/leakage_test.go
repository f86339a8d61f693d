package split

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/mining/neardup"
	"crosssum/schemas"
)

// page is an article of a crawl that changes from one catalogue to the next.
type page struct{ language, id, summary, text, label string }

func prose(random *rand.Rand, n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprint("w", random.Intn(400))
	}
	return strings.Join(words, " ")
}

// reedit changes a page as publishers do: one letter of the summary, a few words of the text, entities, case, another id, a copy.
func reedit(random *rand.Rand, p page, fresh func() string) page {
	switch random.Intn(6) {
	case 0:
		p.summary += "!"
	case 1:
		p.text = strings.ReplaceAll(strings.ToUpper(p.text), " ", "\u00a0 ")
	case 2:
		words := strings.Fields(p.text)
		words[random.Intn(len(words))] = "edited"
		p.text = strings.Join(words, " ")
	case 3:
		p.id = fresh()
	case 4:
		p.id, p.summary = fresh(), "Another: "+p.summary
	case 5:
		p.id, p.language = fresh(), "lb" // untranslated
	}
	return p
}

// paged writes pages as a catalogue's articles and splits them, after the catalogue before, whose folder is past.
func paged(t *testing.T, pages []page, pairs [][2]int, past string) (dir string, rows []schemas.SplitRow, counts map[string]int64) {
	dir = t.TempDir()
	in := Input{Params: params, Seed: 7, Pairs: filepath.Join(dir, "pairs.arrow"), Duplicates: filepath.Join(dir, "duplicates.arrow")}
	in.Params.NearText, in.Params.Boilerplate = 0.8, 6
	slices.SortFunc(pages, func(a, b page) int { return strings.Compare(a.language+"/"+a.id, b.language+"/"+b.id) })
	for from, i := 0, 0; i <= len(pages); i++ {
		if i < len(pages) && pages[i].language == pages[from].language {
			continue
		}
		of := filepath.Join(dir, pages[from].language)
		must(t, os.Mkdir(of, 0o755))
		in.Languages, in.Articles = append(in.Languages, pages[from].language), append(in.Articles, filepath.Join(of, "articles.arrow"))
		in.Texts, in.Near = append(in.Texts, filepath.Join(of, "texts.arrow")), append(in.Near, filepath.Join(of, "near.arrow"))
		must(t, arrowfile.WriteRows(filepath.Join(of, "articles.arrow"), i-from, func(n int) schemas.ArticleRow {
			p := pages[from+n]
			return schemas.ArticleRow{Language: p.language, ID: p.id, Summary: p.summary, Text: p.text, Label: p.label}
		}))
		_, err := neardup.Run(filepath.Join(of, "articles.arrow"), 0.8, of, func(int, int) {})
		must(t, err)
		from = i
	}
	must(t, arrowfile.WriteRows(in.Pairs, len(pairs), func(i int) schemas.PairRow {
		a, b := pages[pairs[i][0]], pages[pairs[i][1]]
		return schemas.PairRow{SourceLanguage: a.language, SourceID: a.id, TargetLanguage: b.language, TargetID: b.id}
	}))
	must(t, arrowfile.WriteRows[schemas.DuplicateRow](in.Duplicates, 0, nil))
	if past != "" {
		in.History, in.Trained, in.TrainedTexts = filepath.Join(past, "history.arrow"), filepath.Join(past, "trained.arrow"), filepath.Join(past, TrainedTextsFile)
	}
	counts, err := Run(in, dir, func(int64, int64) {})
	must(t, err)
	must(t, arrowfile.Each(filepath.Join(dir, "splits.arrow"), func(r *schemas.SplitRow) error {
		rows = append(rows, schemas.SplitRow{Language: strings.Clone(r.Language), ID: strings.Clone(r.ID), Split: strings.Clone(r.Split), Reason: strings.Clone(r.Reason)})
		return nil
	}))
	return dir, rows, counts
}

func TestNoTextOfTrainOfAnyCatalogueStandsInTestAgain(t *testing.T) {
	seen, near, missed := map[string]int{}, 0, 0
	for seed := range int64(8) {
		random, next := rand.New(rand.NewSource(seed)), 0
		fresh := func() string { next++; return fmt.Sprintf("%05d", next) }
		labels := [][]string{{""}, {"", "", "train", "val", "test"}}[seed%2]
		var world []page
		for range 60 {
			world = append(world, page{[]string{"la", "lb", "lc"}[random.Intn(3)], fresh(), prose(random, 8), prose(random, 30+random.Intn(60)), labels[random.Intn(len(labels))]})
		}
		for range 9 { // common to many
			world = append(world, page{"la", fresh(), prose(random, 8), "This package is part of the suite, and says no more than that.", ""})
		}
		type trained struct {
			page
			shingles []uint64
		}
		var ever []trained
		past := ""
		for range 5 {
			var pages []page
			for _, p := range world {
				if random.Intn(6) > 0 {
					pages = append(pages, p)
				}
				for range 2 {
					if random.Intn(3) == 0 {
						p = reedit(random, p, fresh)
						p.label = labels[random.Intn(len(labels))]
						world = append(world, p)
					}
				}
			}
			if len(world) > 240 {
				random.Shuffle(len(world), func(i, j int) { world[i], world[j] = world[j], world[i] })
				world = world[:120]
			}
			slices.SortFunc(pages, func(a, b page) int { return strings.Compare(a.language+"/"+a.id, b.language+"/"+b.id) })
			pages = slices.CompactFunc(pages, func(a, b page) bool { return a.language+"/"+a.id == b.language+"/"+b.id })
			var pairs [][2]int
			for range 5 {
				if a, b := random.Intn(len(pages)), random.Intn(len(pages)); pages[a].language < pages[b].language {
					pairs = append(pairs, [2]int{a, b})
				}
			}
			dir, rows, counts := paged(t, pages, pairs, past)
			past = dir
			for i, r := range rows {
				seen[r.Split+" by "+r.Reason]++
				if r.Split == Train {
					ever = append(ever, trained{pages[i], neardup.Shingles(neardup.Normalize(pages[i].text))})
				}
			}
			for i, r := range rows {
				if r.Split != Val && r.Split != Test {
					continue
				}
				p := pages[i]
				text, summary := neardup.Normalize(p.text), neardup.Normalize(p.summary)
				shingles := neardup.Shingles(text)
				for _, e := range ever {
					if neardup.Normalize(e.text) == text || neardup.Normalize(e.summary) == summary {
						t.Fatalf("seed %d: %s/%s is in %s by %s, and %s/%s of the same text or summary was in train", seed, p.language, p.id, r.Split, r.Reason, e.language, e.id)
					}
					if e.language == p.language && neardup.Jaccard(e.shingles, shingles) >= 0.8 {
						missed++
					}
				}
				near++
			}
			for _, shared := range []string{"shared_texts", "shared_summaries", "shared_near_texts"} {
				if counts[shared] != 0 {
					t.Errorf("seed %d: %s is %d", seed, shared, counts[shared])
				}
			}
		}
	}
	if near < 200 || float64(missed) > 0.01*float64(near) {
		t.Errorf("of %d tested texts %d are near one of train", near, missed)
	}
	for _, kind := range []string{"train by history_train", "train by hash", "test by hash", "val by hash", "test by label", "dropped by boilerplate", "dropped by exact_duplicate"} {
		if seen[kind] == 0 {
			t.Errorf("no article was %q: the catalogues show too little (%v)", kind, seen)
		}
	}
}

func TestTextsAreKeptTogetherUnderAnyIDSummaryAndLabel(t *testing.T) {
	random := rand.New(rand.NewSource(5))
	text, other := prose(random, 50), prose(random, 50)
	edited := strings.Replace(text, " ", " inserted ", 1)
	for name, twins := range map[string][2]page{
		"equal":             {{"la", "1", "One summary.", text, "train"}, {"la", "2", "Quite another one.", text, "test"}},
		"equal but quotes":  {{"la", "1", "One summary.", text + " “x”", "train"}, {"la", "2", "Quite another one.", text + " \"x\"", "test"}},
		"near":              {{"la", "1", "One summary.", text, "val"}, {"la", "2", "Quite another one.", edited, "train"}},
		"untranslated":      {{"la", "1", "One summary.", text, "train"}, {"lb", "1", "Quite another one.", text, "test"}},
		"of one summary":    {{"la", "1", "One summary.", text, "train"}, {"lb", "2", "One  SUMMARY.", other, "test"}},
		"one letter edited": {{"la", "1", "One summary.", text, "train"}, {"la", "2", "One summary", text, "test"}},
	} {
		_, rows, _ := paged(t, []page{twins[0], twins[1], {"la", "3", "Of no other.", other + " and more of it", "train"}}, nil, "")
		split := map[string]string{}
		for _, r := range rows {
			split[r.Language+r.ID] = r.Split
		}
		a, b := split[twins[0].language+twins[0].id], split[twins[1].language+twins[1].id]
		if a != b || a == Dropped {
			t.Errorf("%s: one is in %s, one in %s", name, a, b)
		}
	}
}

func TestACommonTextTiesNothingAndIsNotTestedOn(t *testing.T) {
	random := rand.New(rand.NewSource(6))
	const common = "This package contains the documentation of the program."
	var pages []page
	for i := range 40 {
		p := page{"la", fmt.Sprintf("%02d", i), prose(random, 8), prose(random, 60), "test"}
		if i < 20 {
			p.text = common
		}
		pages = append(pages, p)
	}
	pages = append(pages, page{"la", "near", prose(random, 8), common + " Now.", "test"}, page{"la", "trained", prose(random, 8), common, "train"})
	_, rows, counts := paged(t, pages, nil, "")
	for i, r := range rows {
		want, reason := Test, ByLabel
		switch {
		case r.ID == "trained":
			want = Train
		case i < 20 || r.ID == "near":
			want, reason = Dropped, Boilerplate
		}
		if r.Split != want || r.Reason != reason {
			t.Errorf("%s is in %s by %s, wanted %s by %s", r.ID, r.Split, r.Reason, want, reason)
		}
	}
	if counts["reason_boilerplate"] < 20 || counts["shared_texts"] != 0 {
		t.Errorf("counts %v", counts)
	}
}

func TestATextThatWasTrainedAndIsGoneKeepsWhatIsNearItInTrain(t *testing.T) {
	random := rand.New(rand.NewSource(8))
	var first, second []page
	for i := range 40 {
		p := page{"la", fmt.Sprintf("old%02d", i), prose(random, 8), prose(random, 80), "train"}
		first = append(first, p)
		p.id, p.summary, p.label = fmt.Sprintf("new%02d", i), prose(random, 8), "test"
		if i%2 == 0 {
			p.text = strings.Replace(p.text, " ", " inserted ", 1)
		} else {
			p.text = prose(random, 80)
		}
		second = append(second, p)
	}
	past, _, _ := paged(t, first, nil, "")
	_, rows, _ := paged(t, second, nil, past)
	for i, r := range rows {
		want, reason := Test, ByLabel
		if i%2 == 0 {
			want, reason = Train, ByTrainHistory
		}
		if r.Split != want || r.Reason != reason {
			t.Errorf("%s is in %s by %s, wanted %s by %s", r.ID, r.Split, r.Reason, want, reason)
		}
	}
}

func TestATextOfManyThousandsIsCommonAndSoIsAllThatIsNearIt(t *testing.T) {
	const copies, nears = 100_000, 200
	rows, w := make([]Article, copies+nears), wording{}
	for n := range rows {
		rows[n] = Article{Language: "la", Text: neardup.Digest{1}, Summary: neardup.Digest{2, byte(n), byte(n >> 8), byte(n >> 16)},
			Content: [32]byte{byte(n), byte(n >> 8), byte(n >> 16)}}
		if n >= copies {
			rows[n].Text = neardup.Digest{3, byte(n), byte(n >> 8)}
			w.near = append(w.near, [2]int32{0, int32(n)})
		}
	}
	if edges := w.ties(rows, 20); len(edges) != 0 {
		t.Errorf("%d edges of a common text", len(edges))
	}
	for n, a := range rows {
		if !a.Untested {
			t.Fatalf("article %d is to be tested on", n)
		}
	}
}

func TestATextNearToManyArticlesIsCommonHoweverFewHaveIt(t *testing.T) {
	for name, c := range map[string]struct {
		copies []int // articles of each text; the first is near all others
		common bool
	}{
		"near thirty texts":            {slices.Repeat([]int{1}, 31), true},
		"near one of eleven, with ten": {[]int{10, 11}, true},
		"near one of ten, with ten":    {[]int{10, 10}, false},
		"near nineteen texts":          {slices.Repeat([]int{1}, 20), false},
	} {
		var rows []Article
		var w wording
		for text, copies := range c.copies {
			if text > 0 {
				w.near = append(w.near, [2]int32{0, int32(len(rows))})
			}
			for range copies {
				n := byte(len(rows))
				rows = append(rows, Article{Language: "la", Text: neardup.Digest{1, byte(text)}, Summary: neardup.Digest{2, n}, Content: [32]byte{n}})
			}
		}
		edges := w.ties(rows, 20)
		for n, a := range rows {
			if a.Untested != c.common || !c.common && len(edges) == 0 {
				t.Fatalf("%s: article %d stays out of test: %v, %d edges", name, n, a.Untested, len(edges))
			}
		}
	}
}

func TestEqualTextsAreCrowdedTogetherAndACommonSummaryLetsTextsTie(t *testing.T) {
	article := func(language string, text, summary, content byte) Article {
		return Article{Language: language, Text: neardup.Digest{1, text}, Summary: neardup.Digest{2, summary}, Content: [32]byte{content}}
	}
	crowded := article("la", 1, 1, 1)
	crowded.Untested = true
	rows := []Article{crowded, article("la", 1, 2, 2), article("la", 3, 3, 3), article("lb", 1, 4, 4)}
	if (wording{}).ties(rows, 20); !rows[1].Untested || !rows[3].Untested || rows[2].Untested {
		t.Errorf("of four articles, of which three have a crowded text: %v", rows)
	}
	rows = nil
	for n := range byte(30) {
		rows = append(rows, article("la", 10+n, 1, n)) // a template
	}
	rows = append(rows, article("la", 9, 2, 99))
	if edges := (wording{near: [][2]int32{{0, 30}}}).ties(rows, 20); !slices.Equal(edges, [][2]int32{{0, 30}}) || rows[30].Untested || !rows[0].Untested {
		t.Errorf("a text near that of an article with a common summary: tied by %v", edges)
	}
}

func TestFilesOfOtherArticlesAreNamed(t *testing.T) {
	dir, _, _ := paged(t, []page{{"la", "1", "s", "one text of a page", ""}, {"la", "2", "t", "another text of it", ""}}, nil, "")
	texts := filepath.Join(dir, "la", "texts.arrow")
	in := Input{Params: params, Languages: []string{"la"}, Articles: []string{filepath.Join(dir, "la", "articles.arrow")}, Texts: []string{texts},
		Near: []string{filepath.Join(dir, "la", "near.arrow")}, Pairs: filepath.Join(dir, "pairs.arrow"), Duplicates: filepath.Join(dir, "duplicates.arrow")}
	in.Params.NearText, in.Params.Boilerplate = 0.8, 6
	digest := strings.Repeat("0a", 16)
	for want, row := range map[string][]schemas.TextDigestRow{
		"stands where the articles have another": {{ID: "1", Text: digest, Summary: digest}, {ID: "3", Text: digest, Summary: digest}},
		"no digest of a text":                    {{ID: "1", Text: "x", Summary: digest}, {ID: "2", Text: digest, Summary: digest}},
		"are known, of 2":                        {{ID: "1", Text: digest, Summary: digest}},
	} {
		must(t, os.Remove(texts))
		must(t, arrowfile.WriteRows(texts, len(row), func(i int) schemas.TextDigestRow { return row[i] }))
		if _, err := Run(in, t.TempDir(), func(int64, int64) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, wanted an error that says %q", err, want)
		}
	}
	must(t, os.Remove(texts))
	must(t, arrowfile.WriteRows(texts, 2, func(i int) schemas.TextDigestRow {
		return schemas.TextDigestRow{ID: fmt.Sprint(i + 1), Text: digest, Summary: digest, Signature: []int32{1}}
	}))
	in.TrainedTexts = filepath.Join(dir, TrainedTextsFile)
	if _, err := Run(in, t.TempDir(), func(int64, int64) {}); err == nil || !strings.Contains(err.Error(), "signature of 1 numbers") {
		t.Errorf("%v, wanted an error about the signature", err)
	}
}
