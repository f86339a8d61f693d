package screen

import (
	"context"
	"errors"
	"strings"
	"testing"

	"crosssum/internal/fault"
	"crosssum/schemas"
)

func TestMisplacedArticlesAreKeptAsTheyAreAndMarked(t *testing.T) {
	got := screenAll(t, scene(t, corpus, Keep))
	for language, want := range map[string]string{"danish": "a b?english c d e", "english": "b m n", "french": "f?english g?de", "hausa": "h?english k~", "norwegian": "i"} {
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
	if o := got["hausa"]; o.articles != "k~" || o.aside != "h misplaced english" {
		t.Errorf("hausa: %+v", o)
	}
	for _, language := range []string{"english", "norwegian"} {
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
		"english": {"b f h k m n", ""},
		"french":  {"", "g no_language de"},
		"swedish": {"", "f duplicate_id english"},
		"hausa":   {"k~", ""},
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
	if sum["moved_in"] != 3 || sum["moved_out"] != 3 || sum["set_aside"] != 3 || sum["misplaced"] != 6 || sum["articles"] != int64(len(rows))-3 {
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
		{"french", "f", strings.Repeat("文件和文件", 5), "zh", 0.99, 0}, {"french", "g", strings.Repeat("开发文件和库", 5), "zh", 0.99, 0}}
	if got := screenAll(t, scene(t, rows, Move)); got["french"].aside != "f no_language zh" || got["chinese_simplified"].articles != "g x" {
		t.Errorf("two scripts of Chinese, and no telling which of the first text: %+v", got)
	}
}

func TestAClassificationOfOtherArticlesIsRefused(t *testing.T) {
	in := scene(t, corpus, Keep)
	in.Language, in.Classified[0], in.Classified[1] = "danish", in.Classified[1], in.Classified[0]
	_, err := Run(context.Background(), in, t.TempDir(), func(int64) {})
	var typed *fault.Error
	if !errors.As(err, &typed) || typed.Type != schemas.CorruptObject || !strings.Contains(err.Error(), "danish") {
		t.Errorf("got %v", err)
	}
}

func TestAVerdictNeedsProof(t *testing.T) {
	p := schemas.Demo().Screen
	danish, err := HomeOf("danish")
	if err != nil {
		t.Fatal(err)
	}
	sure := Verdict{Home: danish, Label: "en", Probability: 0.95, Wanted: 0.001, Letters: 80}
	for name, c := range map[string]struct {
		change func(*Verdict)
		ok     bool
	}{
		"a long text, surely of another language":            {func(*Verdict) {}, false},
		"at the edges, which count":                          {func(v *Verdict) { v.Letters, v.Probability, v.Wanted = 60, 0.9, 0.01 }, false},
		"a short text":                                       {func(v *Verdict) { v.Letters = 59 }, true},
		"not so sure":                                        {func(v *Verdict) { v.Probability = 0.89 }, true},
		"its own language is not ruled out":                  {func(v *Verdict) { v.Wanted = 0.02 }, true},
		"its own language":                                   {func(v *Verdict) { v.Label = "da" }, true},
		"a short original":                                   {func(v *Verdict) { v.Letters, v.Probability, v.Original = 12, 0.4, true }, false},
		"a shorter original, which may be a name":            {func(v *Verdict) { v.Letters, v.Original = 11, true }, true},
		"a short original of a related language":             {func(v *Verdict) { v.Letters, v.Original, v.Label = 30, true, "no" }, true},
		"an original that is nearly as likely its own":       {func(v *Verdict) { v.Letters, v.Original, v.Probability, v.Wanted = 30, true, 0.4, 0.06 }, true},
		"a long text, surely of a related language, all but": {func(v *Verdict) { v.Label = "no" }, false},
	} {
		v := sure
		if c.change(&v); OK(v, p) == nil || *OK(v, p) != c.ok {
			t.Errorf("%s: OK is %v", name, !c.ok)
		}
	}
}
