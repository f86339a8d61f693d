package screen

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"crosssum/internal/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// one is an article with what the classifier says of its summary.
type one struct {
	language, id, summary string
	label                 string
	probability, wanted   float32
}

const long = "Ministers agreed on Tuesday to publish the full report before parliament rises for the summer"

// corpus has an untranslated original, a long text in another language, a relative, a short name, and a language that the
// classifier does not know.
var corpus = []one{
	{"danish", "a", "Et program til billeder", "da", 0.9, 0.9},
	{"danish", "b", "Phylogenetic Analysis by Maximum Likelihood", "en", 0.7, 0.001},
	{"danish", "c", "Linux", "en", 0.9, 0.001},
	{"danish", "d", "Kommandolinje for Emacs", "en", 0.9, 0.001},
	{"danish", "e", "Program til at hente videoer", "no", 0.9, 0.01},
	{"english", "b", "An unlike thing", "en", 0.9, 0.9},
	{"english", "m", "Phylogenetic Analysis by Maximum Likelihood", "en", 0.7, 0.7},
	{"english", "n", "Linux", "en", 0.9, 0.9},
	{"french", "f", long, "en", 0.95, 0.001},
	{"french", "g", long + " !", "de", 0.95, 0.001},
	{"hausa", "h", "Phylogenetic Analysis by Maximum Likelihood", "en", 0.9, -1},
	{"norwegian", "i", "Program til at hente videoer", "no", 0.9, 0.9},
}

// scene writes articles and classifications as the stages before would.
func scene(t *testing.T, rows []one, misplaced string) Input {
	t.Helper()
	in := Input{Params: schemas.Demo().Screen}
	in.Params.Misplaced = misplaced
	dir := t.TempDir()
	var articles, classified *arrowfile.Writer
	finish := func() {
		if articles != nil && errors.Join(articles.Close(), classified.Close()) != nil {
			t.Fatal("cannot write")
		}
	}
	for i, r := range rows {
		if i == 0 || rows[i-1].language != r.language {
			finish()
			in.Languages = append(in.Languages, r.language)
			in.Articles = append(in.Articles, filepath.Join(dir, r.language+".articles"))
			in.Classified = append(in.Classified, filepath.Join(dir, r.language+".classified"))
			var e1, e2 error
			articles, e1 = arrowfile.Create(in.Articles[len(in.Articles)-1], schemas.Article, true)
			classified, e2 = arrowfile.Create(in.Classified[len(in.Classified)-1], schemas.Classified, true)
			if err := errors.Join(e1, e2); err != nil {
				t.Fatal(err)
			}
		}
		err := errors.Join(articles.Append(r.language, r.id, "u", "title", r.summary, "text", []string{"picture"}, "train", "digest"),
			classified.Append(r.language, r.id, r.label, r.probability, r.wanted, int32(Letters(r.summary)), Hash(r.summary)))
		if err != nil {
			t.Fatal(err)
		}
	}
	finish()
	return in
}

// outcome is what Run wrote for a language: ids that stay, with "?" where the summary is not in its language, and ids set
// aside with their reason.
type outcome struct {
	articles, aside string
	counts          map[string]int64
	same            bool // the articles file is the one that came
}

func screenAll(t *testing.T, in Input) map[string]outcome {
	t.Helper()
	out := map[string]outcome{}
	for i, language := range in.Languages {
		in.Language = language
		dir := t.TempDir()
		counts, err := Run(context.Background(), in, dir, func(int64) {})
		if err != nil {
			t.Fatal(err)
		}
		o := outcome{counts: counts}
		var ids, names, aside []string
		each(t, filepath.Join(dir, "articles.arrow"), func(r arrowfile.Row) {
			if r.Str(0) != language || r.Strs(6)[0] != "picture" || r.Str(8) != "digest" {
				t.Errorf("%s/%s is damaged", r.Str(0), r.Str(1))
			}
			ids = append(ids, arrowfile.Clone(r.Str(1)))
		})
		each(t, filepath.Join(dir, "languages.arrow"), func(r arrowfile.Row) {
			name := arrowfile.Clone(r.Str(1))
			if !r.Bool(4) {
				name += "?" + r.Str(2)
			}
			names = append(names, name)
		})
		each(t, filepath.Join(dir, "set_aside.arrow"), func(r arrowfile.Row) {
			aside = append(aside, fmt.Sprintf("%s %s %s", r.Str(1), r.Str(2), r.Str(3)))
		})
		if !sort.StringsAreSorted(ids) || len(ids) != len(names) || int64(len(ids)) != counts["articles"] || int64(len(aside)) != counts["set_aside"] {
			t.Errorf("%s: articles %v, languages %v, counts %v", language, ids, names, counts)
		}
		o.articles, o.aside = strings.Join(names, " "), strings.Join(aside, ", ")
		a, _ := os.ReadFile(in.Articles[i])
		b, _ := os.ReadFile(filepath.Join(dir, "articles.arrow"))
		o.same = string(a) == string(b)
		out[language] = o
	}
	return out
}

func each(t *testing.T, path string, f func(arrowfile.Row)) {
	t.Helper()
	if err := arrowfile.Each(path, nil, func(r arrowfile.Row) error { f(r); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestMisplacedArticlesAreKeptAsTheyAreAndMarked(t *testing.T) {
	got := screenAll(t, scene(t, corpus, Keep))
	for language, want := range map[string]string{"danish": "a b?english c d e", "english": "b m n", "french": "f?english g?de", "hausa": "h", "norwegian": "i"} {
		if o := got[language]; o.articles != want || !o.same || o.aside != "" {
			t.Errorf("%s: %+v, wanted %s", language, o, want)
		}
	}
	if c := got["french"].counts; c["misplaced"] != 2 || c["set_aside"] != 0 || c["articles"] != 2 {
		t.Errorf("french: %v", c)
	}
}

func TestMisplacedArticlesAreSetAsideWithTheirReason(t *testing.T) {
	got := screenAll(t, scene(t, corpus, Aside))
	if o := got["danish"]; o.articles != "a c d e" || o.aside != "b misplaced english" || o.counts["misplaced"] != 1 {
		t.Errorf("danish: %+v", o)
	}
	if o := got["french"]; o.articles != "" || o.aside != "f misplaced english, g misplaced de" {
		t.Errorf("french, of which nothing is left: %+v", o)
	}
	for _, language := range []string{"english", "hausa", "norwegian"} {
		if !got[language].same {
			t.Errorf("%s has another file, though nothing was set aside", language)
		}
	}
}

func TestMisplacedArticlesMoveToTheFileOfTheirLanguageUnlessItsIDIsTaken(t *testing.T) {
	rows := append(append([]one(nil), corpus...),
		one{"swedish", "f", long, "en", 0.95, 0.001}, one{"swedish", "k", long, "en", 0.95, 0.001}) // f comes from french first
	got := screenAll(t, scene(t, rows, Move))
	for language, want := range map[string][2]string{
		"danish":  {"a c d e", "b duplicate_id english"}, // english has a b
		"english": {"b f k m n", ""},
		"french":  {"", "g no_language de"},
		"swedish": {"", "f duplicate_id english"},
	} {
		if o := got[language]; o.articles != want[0] || o.aside != want[1] {
			t.Errorf("%s: %+v, wanted %q", language, o, want)
		}
	}
	sum := map[string]int64{}
	for _, o := range got {
		for name, n := range o.counts {
			sum[name] += n
		}
	}
	if sum["moved_in"] != 2 || sum["moved_out"] != 2 || sum["set_aside"] != 3 || sum["misplaced"] != 5 || sum["articles"] != int64(len(rows))-3 {
		t.Errorf("in all: %v", sum)
	}
}

func TestAnIDThatMovesAwayIsFreeForOneThatComes(t *testing.T) {
	got := screenAll(t, scene(t, []one{
		{"english", "a", strings.Repeat("langer deutscher Satz ", 5), "de", 0.99, 0},
		{"german", "a", long, "en", 0.99, 0},
	}, Move))
	if got["english"].articles != "a" || got["german"].articles != "a" || got["english"].same || got["english"].counts["moved_in"] != 1 {
		t.Errorf("%+v", got)
	}
}

func TestOfSeveralLanguagesWithOneLabelTheOneWithItsCodeIsMeant(t *testing.T) {
	rows := []one{{"english", "x", "An unlike thing", "en", 1, 1}, {"english_britain", "y", "A colour", "en", 1, 1}, {"french", "f", long, "en", 0.99, 0}}
	if got := screenAll(t, scene(t, rows, Move)); got["english"].articles != "f x" || got["english_britain"].articles != "y" {
		t.Errorf("%+v", got)
	}
	rows = []one{{"chinese_simplified", "x", "软件", "zh", 1, 1}, {"chinese_traditional", "y", "軟體", "zh", 1, 1},
		{"french", "f", strings.Repeat("开发文件和库", 5), "zh", 0.99, 0}}
	if got := screenAll(t, scene(t, rows, Move)); got["french"].aside != "f no_language zh" {
		t.Errorf("two scripts of Chinese, and no telling which: %+v", got)
	}
}

func TestAClassificationOfOtherArticlesIsRefused(t *testing.T) {
	in := scene(t, corpus, Keep)
	in.Language, in.Classified[0], in.Classified[1] = "danish", in.Classified[1], in.Classified[0]
	_, err := Run(context.Background(), in, t.TempDir(), func(int64) {})
	var typed *engine.Error
	if !errors.As(err, &typed) || typed.Type != schemas.CorruptObject || !strings.Contains(err.Error(), "danish") {
		t.Errorf("got %v", err)
	}
}

func TestAVerdictNeedsProof(t *testing.T) {
	p := schemas.Demo().Screen
	sure := Verdict{Own: "da", Label: "en", Probability: 0.95, Wanted: 0.001, Letters: 80}
	for name, c := range map[string]struct {
		change func(*Verdict)
		ok     bool
	}{
		"a long text, surely of another language":            {func(*Verdict) {}, false},
		"at the edges, which count":                          {func(v *Verdict) { v.Letters, v.Probability, v.Wanted = 60, 0.9, 0.01 }, false},
		"a short text":                                       {func(v *Verdict) { v.Letters = 59 }, true},
		"not so sure":                                        {func(v *Verdict) { v.Probability = 0.89 }, true},
		"its own language is not ruled out":                  {func(v *Verdict) { v.Wanted = 0.02 }, true},
		"a language that the classifier does not know":       {func(v *Verdict) { v.Own, v.Wanted = "", -1 }, true},
		"its own language":                                   {func(v *Verdict) { v.Label = "da" }, true},
		"a short original":                                   {func(v *Verdict) { v.Letters, v.Probability, v.Original = 12, 0.4, true }, false},
		"a shorter original, which may be a name":            {func(v *Verdict) { v.Letters, v.Original = 11, true }, true},
		"a short original of a related language":             {func(v *Verdict) { v.Letters, v.Original, v.Label = 30, true, "no" }, true},
		"an original that is nearly as likely its own":       {func(v *Verdict) { v.Letters, v.Original, v.Probability, v.Wanted = 30, true, 0.4, 0.06 }, true},
		"a long text, surely of a related language, all but": {func(v *Verdict) { v.Label = "no" }, false},
	} {
		v := sure
		if c.change(&v); OK(v, p) != c.ok {
			t.Errorf("%s: OK is %v", name, !c.ok)
		}
	}
}

func TestWhatAlignmentStumblesOverIsCounted(t *testing.T) {
	h := newHygiene(3)
	summaries := []string{"transitional package", "transitional package", "transitional package", // a template
		"library for images", "library for images", // shared, no template
		"Lua bindings for images", "Lua bindings for sound", // siblings by a word
		"a tool to draw maps", "a tool to draw maps quickly", // by one word more
		"画像を表示する", "画像を印刷する", "画像を表示すること", // two letters apart and more
		"絵を描く道具", "絵を描く道具箱", // one letter more
		"alone it stands", "Linux"}
	for _, summary := range summaries {
		h.add(summary, "title", "text")
	}
	h.add("a caf\u00c3\u00a9 near the station, it is", "title", "text")
	h.add("nothing wrong in the summary, no", "title", "a \ufffd in the text")
	summaries = append(summaries, "a caf\u00c3\u00a9 near the station, it is", "nothing wrong in the summary, no")
	want := map[string]int64{"shared_summaries": 2, "templates": 1, "templated": 3, "siblings": 6, "mojibake": 2, "replacement_characters": 1}
	if got := counted(t, h, summaries); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// counted are the counts of summaries that were added.
func counted(t *testing.T, h *hygiene, summaries []string) map[string]int64 {
	t.Helper()
	got := map[string]int64{}
	if err := h.counts(got, func(f func(string)) error {
		for _, s := range summaries {
			f(s)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSiblingsAreThoseThatAnOrdinaryComparisonFindsHoweverFewKeysFitIntoMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for range 30 {
		h := newHygiene(3)
		var summaries []string
		for range 60 {
			words := make([]string, 1+random.IntN(5))
			for i := range words {
				words[i] = string(rune('a' + random.IntN(3)))
			}
			summaries = append(summaries, strings.Join(words, " "))
			h.add(summaries[len(summaries)-1])
		}
		want := int64(0)
		for _, one := range summaries {
			if slices.ContainsFunc(summaries, func(other string) bool { return areSiblings(parts(one), parts(other)) }) {
				want++
			}
		}
		for _, keys := range []int{keysAtATime, 7} {
			defer func(before int) { keysAtATime = before }(keysAtATime)
			keysAtATime = keys
			if got := counted(t, h, summaries)["siblings"]; got != want {
				t.Fatalf("%d keys at a time: %d siblings of %q, want %d", keys, got, summaries, want)
			}
		}
	}
}

// areSiblings says whether two different texts of three parts or more are alike but for one that is replaced, added, or
// one in each that is taken out.
func areSiblings(a, b []string) bool {
	if len(a) < 3 || len(b) < 3 || slices.Equal(a, b) {
		return false
	}
	variants := func(parts []string) [][]string {
		all := [][]string{parts}
		for i := range parts {
			replaced := slices.Clone(parts)
			replaced[i] = "*"
			all = append(all, replaced, slices.Delete(slices.Clone(parts), i, i+1))
		}
		return all
	}
	for _, x := range variants(a) {
		for _, y := range variants(b) {
			if slices.Equal(x, y) {
				return true
			}
		}
	}
	return false
}

func TestMojibakeIsTellingFromHonestText(t *testing.T) {
	for text, want := range map[string]bool{
		"café": false, "cafÃ©": true, "itâ€™s": true, "Ð¿Ñ€Ð¸Ð²ÐµÑ‚": true, "Â°C": true, "Ã¼ber": true, "ðŸ˜€": true, "ï¿½": true, "æ—¥æœ¬": true,
		"«CAFÉ»": false, "«MAÇÃ»": false, "São Tomé": false, "ÎLE": false, "naïve": false, "Łódź „tak”": false, "Привет": false, "日本語": false,
		"Ærø — øl": false, "PÂTÉ": false, "été…": false, "GARÇON": false, "½ Ã": false, "Ð": false, "": false,
	} {
		if got := Mojibake(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestIdeographsCountForSeveralLetters(t *testing.T) {
	for text, want := range map[string]int{"GTK+ 2.0": 3, "naïve": 5, "日本": 6, "カナ かな": 12, "한국": 6, "привет": 6, "สวัสดี": 4} {
		if got := Letters(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
