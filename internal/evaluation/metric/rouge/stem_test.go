package rouge

import (
	"bufio"
	"compress/gzip"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestStemsAreThoseOfNLTK(t *testing.T) {
	f, err := os.Open("testdata/stems.tsv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	words, wrong := map[string]int{}, map[string]int{}
	for lines := bufio.NewScanner(z); lines.Scan(); {
		field := strings.Split(lines.Text(), "\t")
		language, word, want := field[0], field[1], field[2]
		words[language]++
		if got := stemmers[language](word); got != want {
			if wrong[language]++; wrong[language] <= 5 {
				t.Errorf("%s %s: %s, wanted %s", language, word, got, want)
			}
		}
	}
	t.Log("words:", words, "wrong:", wrong)
	for language := range stemmers {
		if words[language] < 500 && language != "hindi" && language != "bengali" {
			t.Errorf("%s: %d words in the fixture", language, words[language])
		}
	}
}

func TestNoWordBreaksAStemmer(t *testing.T) {
	r := rand.New(rand.NewPCG(20, 0))
	pieces := []rune("aeiouyáàâäåæøéèêëíîïóôöúûüçñßbcdgklmnqrstvxyzYUI1ิ字")
	for _, suffix := range []string{"ion", "ment", "ement", "heden", "ogi", "logia", "amente", "emment", "yendo", "ë", "ão", "ües"} {
		for range 2000 {
			word := make([]rune, 0, 12)
			for range 1 + r.IntN(6) {
				word = append(word, pieces[r.IntN(len(pieces))])
			}
			if word = append(word, []rune(suffix)...); len(word) <= 3 {
				continue
			}
			for language, stem := range stemmers {
				if got := stem(string(word)); !utf8.ValidString(got) {
					t.Fatalf("%s makes %q of %s", language, got, string(word))
				}
			}
		}
	}
}
