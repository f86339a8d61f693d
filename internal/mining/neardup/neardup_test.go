package neardup

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"

	"github.com/klauspost/compress/zstd"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTextsThatDifferInNoWordAreEqual(t *testing.T) {
	for _, same := range [][2]string{
		{"Rock & Roll", "Rock &amp; Roll"},
		{"He said “no”.", "he said \"no\"."},
		{"  two\u00a0 words\n", "two words"},
		{"ｆｕｌｌ　ｗｉｄｔｈ", "full width"},
		{"a zero\u200bwidth\u00adspace", "a zerowidthspace"},
		{"„Straße“", "«straße»"},
		{"カナ", "ｶﾅ"},
		{"e\u0301tude", "\u00e9tude"},
	} {
		if a, b := Normalize(same[0]), Normalize(same[1]); a != b || DigestOf(a) != DigestOf(b) {
			t.Errorf("%q is %q, and %q is %q", same[0], a, same[1], b)
		}
	}
	for _, other := range [][2]string{{"version 1.2", "version 12"}, {"a b", "ab"}, {"нет", "нёт"}, {"", "x"}} {
		if Normalize(other[0]) == Normalize(other[1]) {
			t.Errorf("%q and %q are called equal", other[0], other[1])
		}
	}
}

func TestShinglesOfScriptsWithoutSpacesAreOfCharacters(t *testing.T) {
	for text, want := range map[string]int{"": 0, "...": 0, "one": 1, "one two": 1, "one two three": 1, "one, two: three four": 2, "日本語の文章": 4, "abc 日本語": 2,
		strings.Repeat("x ", 9): 1} {
		if got := len(Shingles(Normalize(text))); got != want {
			t.Errorf("%q has %d shingles, want %d", text, got, want)
		}
	}
}

func TestASignatureEstimatesTheSimilarityAndSurvivesItsFile(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	var off, n float64
	for range 300 {
		common, own := 1+random.Intn(300), random.Intn(300)
		var a, b []uint64
		for range common {
			h := random.Uint64()
			a, b = append(a, h), append(b, h)
		}
		for range own {
			a, b = append(a, random.Uint64()), append(b, random.Uint64())
		}
		slices.Sort(a)
		slices.Sort(b)
		x, y := Sign(a), Sign(b)
		j := float64(common) / float64(common+2*own)
		if got := Jaccard(a, b); got != j {
			t.Fatalf("Jaccard %v, want %v", got, j)
		}
		off, n = off+x.Similarity(&y)-j, n+1
		if d := x.Similarity(&y) - j; d < -allowance || d > allowance {
			t.Errorf("similarity %.3f, estimated %.3f", j, x.Similarity(&y))
		}
		if again, err := Unpack(x.Pack()); err != nil || again != x {
			t.Fatal("a signature changed in its file", err)
		}
	}
	if mean := off / n; mean < -0.01 || mean > 0.01 {
		t.Errorf("estimates are off by %.4f on average", mean)
	}
	if _, err := Unpack(make([]int32, 3)); err == nil {
		t.Error("a signature of another length was taken")
	}
}

func language(t *testing.T, texts []string) (counts map[string]int64, near []schemas.DuplicateRow, rows []schemas.TextDigestRow) {
	dir := t.TempDir()
	articles := filepath.Join(dir, "articles.arrow")
	must(t, arrowfile.WriteRows(articles, len(texts), func(i int) schemas.ArticleRow {
		return schemas.ArticleRow{Language: "english", ID: fmt.Sprintf("%07d", i), Summary: "s", Text: texts[i]}
	}))
	counts, err := Run(articles, 0.8, dir, func(int, int) {})
	must(t, err)
	must(t, arrowfile.Each(filepath.Join(dir, "near.arrow"), func(r *schemas.DuplicateRow) error {
		near = append(near, schemas.DuplicateRow{Language: strings.Clone(r.Language), SourceID: strings.Clone(r.SourceID), TargetID: strings.Clone(r.TargetID), Score: r.Score})
		return nil
	}))
	must(t, arrowfile.Each(filepath.Join(dir, "texts.arrow"), func(r *schemas.TextDigestRow) error {
		rows = append(rows, schemas.TextDigestRow{ID: strings.Clone(r.ID), Text: strings.Clone(r.Text), Crowded: r.Crowded, Signature: slices.Clone(r.Signature)})
		return nil
	}))
	return counts, near, rows
}

// words makes a text of n words of a small vocabulary.
func words(random *rand.Rand, n int) []string {
	text := make([]string, n)
	for i := range text {
		text[i] = fmt.Sprint("w", random.Intn(500))
	}
	return text
}

func TestNearTextsOfEditedCopiesAreThoseOfEveryPairCompared(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	var texts []string
	for range 150 {
		text := words(random, 20+random.Intn(300))
		texts = append(texts, strings.Join(text, " "))
		for range random.Intn(4) {
			for range 1 + random.Intn(1+len(text)/30) {
				text[random.Intn(len(text))] = fmt.Sprint("edit", random.Intn(1000))
			}
			texts = append(texts, strings.Join(text, " "))
		}
	}
	_, near, _ := language(t, texts)
	found := map[[2]string]float32{}
	for _, n := range near {
		found[[2]string{n.SourceID, n.TargetID}] = n.Score
	}
	all, missed := everyPair(texts, func(a, b int, j float64) bool {
		score, ok := found[[2]string{fmt.Sprintf("%07d", a), fmt.Sprintf("%07d", b)}]
		if ok && score != float32(j) {
			t.Fatalf("texts %d and %d have similarity %v, written %v", a, b, j, score)
		}
		return ok
	})
	if all < 100 || len(near) != all-missed || float64(missed) > 0.01*float64(all) {
		t.Errorf("%d pairs are near, %d of them missed, %d listed", all, missed, len(near))
	}
}

// everyPair compares every two distinct texts; has says which were found.
func everyPair(texts []string, has func(a, b int, j float64) bool) (all, missed int) {
	seen := map[Digest]bool{}
	sets := make([][]uint64, len(texts))
	for i, text := range texts {
		if n := Normalize(text); !seen[DigestOf(n)] {
			seen[DigestOf(n)], sets[i] = true, Shingles(n)
		}
	}
	for b := range texts {
		for a := range b {
			if len(sets[a]) == 0 || len(sets[b]) == 0 || 5*min(len(sets[a]), len(sets[b])) < 4*max(len(sets[a]), len(sets[b])) {
				continue
			}
			if j := Jaccard(sets[a], sets[b]); j >= 0.8 {
				if all++; !has(a, b, j) {
					missed++
				}
			}
		}
	}
	return all, missed
}

func TestATextCommonToManyOneWordAndAnEndlessOneAreBoundedAndCounted(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	var texts []string
	for range 20000 { // one text
		texts = append(texts, "This package is part of the suite.")
	}
	family := words(random, 400)
	for i := range 600 { // a family of texts, each a word apart
		family[200] = fmt.Sprint("member", i)
		texts = append(texts, strings.Join(family, " "))
	}
	texts = append(texts, "word", "...", strings.Repeat("QUJDREVG", 1<<19), strings.Join(words(random, 1<<19), " "))
	counts, near, rows := language(t, texts)
	if counts["equal"] != 19999 || counts["articles"] != int64(len(texts)) {
		t.Errorf("counts %v of %d texts", counts, len(texts))
	}
	degree := map[string]int{}
	for _, n := range near {
		degree[n.SourceID]++
		degree[n.TargetID]++
	}
	for i, r := range rows[20000:20600] {
		if !r.Crowded && degree[r.ID] < 200 {
			t.Errorf("text %d of the family is near %d others, and not called crowded", i, degree[r.ID])
		}
	}
	for _, r := range rows[20600:] {
		if r.Crowded || degree[r.ID] > 0 {
			t.Errorf("text %s is near %d, crowded: %v", r.ID, degree[r.ID], r.Crowded)
		}
	}
	if rows[0].Text != rows[19999].Text || rows[0].Text == rows[20000].Text || len(rows[20601].Signature) > 0 {
		t.Error("digests do not tell equal texts, or a text without words has a signature")
	}
}

func TestATextNearMoreThanAreListedIsCrowdedAndSoAreThoseThatAreLeftOut(t *testing.T) {
	f := finder{texts: make([]text, 300)}
	for i := int32(1); i < 300; i++ {
		f.add(Near{0, i, 1})
	}
	for i, text := range f.texts {
		if want := i == 0 || i > mostNear; text.crowded != want {
			t.Errorf("text %d is crowded: %v", i, text.crowded)
		}
	}
	if len(f.near) != mostNear {
		t.Errorf("%d pairs are listed", len(f.near))
	}
}

func TestALanguageWithoutArticlesHasNoNearOnesAndABrokenFileIsNamed(t *testing.T) {
	if counts, near, rows := language(t, nil); counts["articles"] != 0 || len(near)+len(rows) != 0 {
		t.Errorf("of no articles: %v, %d near, %d rows", counts, len(near), len(rows))
	}
	path := filepath.Join(t.TempDir(), "articles.arrow")
	for what, content := range map[string]string{"empty": "", "of another kind": strings.Repeat("no Arrow file ", 100), "cut off": "ARROW1\x00\x00"} {
		must(t, os.WriteFile(path, []byte(content), 0o644))
		if _, err := Run(path, 0.8, t.TempDir(), func(int, int) {}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v does not name the file", what, err)
		}
	}
	if _, err := Run(path, 0.4, t.TempDir(), func(int, int) {}); err == nil || !strings.Contains(err.Error(), "split.near_text_similarity") {
		t.Errorf("a similarity out of range: %v", err)
	}
}

func TestMinHashMissesOneInAHundredNearTextsOfTheSampleAtMost(t *testing.T) {
	all, missed := 0, 0
	for _, name := range []string{"english", "italian", "russian", "japanese"} {
		texts := sample(t, name)
		_, near, _ := language(t, texts)
		found := map[[2]string]bool{}
		for _, n := range near {
			found[[2]string{n.SourceID, n.TargetID}] = true
		}
		a, m := everyPair(texts, func(a, b int, _ float64) bool {
			return found[[2]string{fmt.Sprintf("%07d", a), fmt.Sprintf("%07d", b)}]
		})
		t.Logf("%s: %d texts, %d near pairs, %d missed", name, len(texts), a, m)
		all, missed = all+a, missed+m
	}
	if all < 50 || float64(missed) > 0.01*float64(all) {
		t.Errorf("of %d near pairs of the sample %d were missed", all, missed)
	}
}

// sample has the texts of a file of the shipped sample.
func sample(t *testing.T, language string) (texts []string) {
	file, err := os.Open(filepath.Join("../../../corpus/sample", language+".jsonl.zst"))
	must(t, err)
	defer file.Close()
	unpacked, err := zstd.NewReader(file)
	must(t, err)
	defer unpacked.Close()
	for rows := json.NewDecoder(unpacked); rows.More(); {
		var row struct{ Text string }
		must(t, rows.Decode(&row))
		texts = append(texts, row.Text)
	}
	return texts
}
