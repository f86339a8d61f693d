package rouge

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

type fixture struct {
	Language, Reference, Hypothesis string
	Tokens                          []string
	Length                          int
	Scores                          []float64
}

func fixtures(t testing.TB) (rows []fixture) {
	f, err := os.Open("testdata/scores.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row fixture
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestTokensAndScoresAreThoseOfTheXLSumImplementation(t *testing.T) {
	rows, bad := map[string]int{}, 0
	for _, r := range fixtures(t) {
		rows[r.Language]++
		if got := Tokens(r.Language, r.Reference, true); !slices.Equal(got, r.Tokens) {
			t.Errorf("%s %q:\ntokens %q\nwanted %q", r.Language, r.Reference, got, r.Tokens)
			bad++
		}
		if got := Length(r.Language, r.Reference); got != r.Length {
			t.Errorf("%s %q: length %d, wanted %d", r.Language, r.Reference, got, r.Length)
		}
		s := Score(r.Language, r.Reference, r.Hypothesis)
		for i, got := range []float64{s.R1, s.R2, s.RL} {
			if math.Abs(got-r.Scores[i]) > 1e-9 {
				t.Errorf("%s %q against %q: score %d is %v, wanted %v", r.Language, r.Hypothesis, r.Reference, i, got, r.Scores[i])
				bad++
			}
		}
		if bad > 20 {
			t.Fatal("and so on")
		}
	}
	if rows["english"] < 200 {
		t.Fatalf("%d English pairs in the fixture, wanted at least 200", rows["english"])
	}
	t.Log("pairs compared:", rows)
}

func TestBootstrapHasTheDigitsOfNumpy(t *testing.T) {
	b, err := os.ReadFile("testdata/bootstrap.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Values, Bounds [][]float64 }
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		columns := make([][]float64, 3)
		for _, v := range c.Values {
			for i := range columns {
				columns[i] = append(columns[i], v[i])
			}
		}
		for i, got := range Bootstrap(20, columns...) {
			want := c.Bounds[i]
			if math.Abs(got.Low-want[0])+math.Abs(got.Mid-want[1])+math.Abs(got.High-want[2]) > 1e-12 {
				t.Errorf("n = %d, column %d: %v, wanted %v", len(c.Values), i, got, want)
			}
		}
	}
}

func TestScoresOfEmptyAndEqualTexts(t *testing.T) {
	for _, c := range []struct {
		name, reference, hypothesis string
		want                        Scores
	}{
		{"both empty score nothing, not everything", "", "...", Scores{}},
		{"one word has no bigram", "word", "word", Scores{100, 0, 100}},
		{"the order counts for bigrams and subsequence only", "big red dogs", "red big dogs", Scores{100, 0, 100 * 2. / 3}},
	} {
		got := Score("english", c.reference, c.hypothesis)
		if math.Abs(got.R1-c.want.R1)+math.Abs(got.R2-c.want.R2)+math.Abs(got.RL-c.want.RL) > 1e-9 {
			t.Errorf("%s: %v, wanted %v", c.name, got, c.want)
		}
	}
}

func TestAliasesShareTheirLanguagesRules(t *testing.T) {
	if !Provisional("chinese_simplified") || !Provisional("turkce") || Provisional("english") || Provisional("ukrainian") {
		t.Error("provisional languages are wrong")
	}
	if a, b := Tokens("bangla", "ছেলেদের", true), Tokens("bengali", "ছেলেদের", true); !slices.Equal(a, b) {
		t.Errorf("%q and %q", a, b)
	}
}

func BenchmarkScoreEnglish(b *testing.B) {
	rows := fixtures(b)[:160]
	for i := 0; b.Loop(); i++ {
		r := rows[i%len(rows)]
		Score("english", r.Reference, r.Hypothesis)
	}
}
