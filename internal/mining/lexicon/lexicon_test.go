package lexicon

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// made are the rows that Run makes of articles of one language.
func made(t *testing.T, articles []schemas.ArticleRow) ([]schemas.LexiconRow, map[string]int64) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := arrowfile.WriteRows(in, len(articles), func(i int) schemas.ArticleRow { return articles[i] }); err != nil {
		t.Fatal(err)
	}
	counts, err := Run(in, out, func(int64) {})
	if err != nil {
		t.Fatal(err)
	}
	var rows []schemas.LexiconRow
	if err := arrowfile.Each(out, func(r *schemas.LexiconRow) error {
		rows = append(rows, schemas.LexiconRow{ID: arrowfile.Clone(r.ID), CopyOf: r.CopyOf, Tokens: slices.Clone(r.Tokens), Weights: slices.Clone(r.Weights),
			Articles: slices.Clone(r.Articles)})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(articles) {
		t.Fatalf("%d rows for %d articles", len(rows), len(articles))
	}
	return rows, counts
}

func article(n int, text string) schemas.ArticleRow {
	return schemas.ArticleRow{Language: "english", ID: fmt.Sprintf("%06d", n), Summary: "s", Text: text}
}

func TestRareTokensWeighMoreAndCommonOnesNothing(t *testing.T) {
	var articles []schemas.ArticleRow
	for i := range 50 {
		text := fmt.Sprintf("common unique%d", i)
		if i < 8 {
			text += " shared"
		}
		articles = append(articles, article(i, text))
	}
	rows, _ := made(t, articles)
	if len(rows[0].Tokens) != 2 || len(rows[9].Tokens) != 1 { // the common one is gone
		t.Fatalf("%d and %d tokens", len(rows[0].Tokens), len(rows[9].Tokens))
	}
	at := slices.Index(rows[0].Articles, 8)
	if at < 0 || rows[0].Weights[at] >= rows[0].Weights[1-at] || rows[0].Articles[1-at] != 1 {
		t.Errorf("%+v", rows[0])
	}
	for _, r := range rows {
		square := 0.0
		for _, w := range r.Weights {
			square += float64(w) / Unit * float64(w) / Unit
		}
		if math.Abs(square-1) > 1e-6 || !slices.IsSortedFunc(r.Tokens, func(x, y int32) int { return int(int64(uint32(x)) - int64(uint32(y))) }) {
			t.Fatalf("length %v of %+v", square, r)
		}
	}
	if c := Cosine(rows[0].Tokens, rows[0].Weights, rows[1].Tokens, rows[1].Weights); c <= 0 || c >= 0.5 {
		t.Errorf("cosine %v of two that share one of two tokens", c)
	}
	if c := Cosine(rows[0].Tokens, rows[0].Weights, rows[0].Tokens, rows[0].Weights); math.Abs(float64(c)-1) > 1e-6 {
		t.Errorf("cosine %v with itself", c)
	}
}

func TestALanguageOfFewArticlesHasTokensToo(t *testing.T) {
	for n := 1; n <= 6; n++ {
		var articles []schemas.ArticleRow
		for i := range n {
			articles = append(articles, article(i, fmt.Sprintf("unique%d", i)))
		}
		rows, _ := made(t, articles)
		for _, r := range rows {
			if len(r.Tokens) != 1 {
				t.Errorf("of %d articles one has %d tokens", n, len(r.Tokens))
			}
		}
	}
}

func TestCopiesAreOfTheFirstAndCountNowhere(t *testing.T) {
	var articles []schemas.ArticleRow
	for i := range 40 {
		articles = append(articles, article(i, fmt.Sprintf("topic%d word", i%10)))
	}
	articles[39].Summary = "another"
	rows, counts := made(t, articles)
	if counts["copies"] != 29 {
		t.Errorf("counts %v", counts)
	}
	for i, r := range rows {
		wanted := int32(i % 10)
		if i == 39 {
			wanted = 39
		}
		if r.CopyOf != wanted || (int(wanted) != i) != (len(r.Tokens) == 0) {
			t.Errorf("row %d: %+v", i, r)
		}
	}
}

func TestTheSameArticlesInAnyCompanyOfEqualsGiveTheSameRows(t *testing.T) {
	var articles, more []schemas.ArticleRow
	for i := range 60 {
		articles = append(articles, article(i, fmt.Sprintf("topic%d common libfoo%d", i, i%7)))
	}
	more = slices.Clone(articles)
	for i := range 5000 { // a mirrored page
		more = append(more, schemas.ArticleRow{Language: "english", ID: fmt.Sprintf("z%06d", i), Summary: articles[3].Summary, Text: articles[3].Text})
	}
	alone, _ := made(t, articles)
	among, counts := made(t, more)
	if counts["copies"] != 5000 {
		t.Errorf("counts %v", counts)
	}
	for i := range alone {
		if !slices.Equal(alone[i].Weights, among[i].Weights) {
			t.Fatalf("row %d: %v and %v", i, alone[i].Weights, among[i].Weights)
		}
	}
}

func TestOfAnArticleWithTooManyTokensTheRarestAreKept(t *testing.T) {
	var words []string
	for i := range 700 {
		words = append(words, fmt.Sprintf("w%d", i))
	}
	articles := []schemas.ArticleRow{article(0, strings.Join(words, " "))}
	for i := 1; i < 40; i++ {
		articles = append(articles, article(i, "w1 w2 w3 x"+fmt.Sprint(i)))
	}
	for i := 1; i < 6; i++ { // in six of forty: rare enough to count, less rare than the others
		articles[i].Text += " w10 w11 w12"
	}
	rows, counts := made(t, articles)
	if len(rows[0].Tokens) != Most || counts["cut"] != 1 || slices.Contains(rows[0].Articles, 6) {
		t.Errorf("%d tokens, counts %v", len(rows[0].Tokens), counts)
	}
}

func TestTextsWithoutTokensAreCounted(t *testing.T) {
	rows, counts := made(t, []schemas.ArticleRow{article(0, ""), article(1, "кот"), article(2, "on"), article(3, strings.Repeat("猫", 4<<20))})
	if counts["without_tokens"] != 4 || counts["tokens"] != 0 || len(rows[3].Tokens) != 0 {
		t.Errorf("counts %v", counts)
	}
	if rows, counts := made(t, nil); len(rows) != 0 || counts["articles"] != 0 {
		t.Errorf("of nothing: %v %v", rows, counts)
	}
}

func TestDumpsDoNotExplodeAnIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	letters := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	dump := func(n, line int) string {
		var b strings.Builder
		for i := range n {
			b.WriteByte(letters[r.IntN(len(letters))])
			if i%line == line-1 {
				b.WriteByte('\n')
			}
		}
		return b.String()
	}
	hex := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%02x ", r.IntN(256))
			if i%16 == 15 {
				fmt.Fprintf(&b, "\n%08x  ", i)
			}
		}
		return b.String()
	}
	texts := map[string]string{"base64 without line ends": dump(4<<20, 5<<20), "base64 in lines": dump(1<<20, 76), "short pieces of base64": dump(1<<20, 5), "a hex dump": hex(1 << 17),
		"one token of 4 MB": strings.Repeat("x", 4<<20), "digests": strings.Repeat("d41d8cd98f00b204e9800998ecf8427e\n", 1<<15), "an endless URL": "https://" + strings.Repeat("a/", 2<<20)}
	var articles []schemas.ArticleRow
	var names []string
	for name, text := range texts {
		names = append(names, name)
		articles = append(articles, article(len(articles), text))
	}
	rows, counts := made(t, articles)
	for i, row := range rows {
		if len(row.Tokens) > Most {
			t.Errorf("%s: %d tokens", names[i], len(row.Tokens))
		}
		if strings.Contains(names[i], "without line ends") && len(row.Tokens) > 200 || strings.HasPrefix(names[i], "one token") && len(row.Tokens) > 0 {
			t.Errorf("%s: %d tokens", names[i], len(row.Tokens))
		}
	}
	if counts["cut"] == 0 {
		t.Error("nothing was cut")
	}
}

func TestMemoryDoesNotGrowWithEqualTexts(t *testing.T) {
	var before, after runtime.MemStats
	equal := func(n int) []schemas.ArticleRow {
		var articles []schemas.ArticleRow
		for i := range n {
			articles = append(articles, article(i, "the same libfoo everywhere 3.14"))
		}
		return articles
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	articles := equal(200000)
	if err := arrowfile.WriteRows(in, len(articles), func(i int) schemas.ArticleRow { return articles[i] }); err != nil {
		t.Fatal(err)
	}
	articles = nil
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	counts, err := Run(in, filepath.Join(dir, "out"), func(rows int64) {
		if rows%100000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			most = max(most, after.HeapAlloc-min(before.HeapAlloc, after.HeapAlloc))
		}
	})
	if err != nil || counts["copies"] != 199999 || counts["tokens"] != 7 {
		t.Fatalf("%v, %v", counts, err)
	}
	if most > 64<<20 {
		t.Errorf("%d MB for equal texts", most>>20)
	}
}
