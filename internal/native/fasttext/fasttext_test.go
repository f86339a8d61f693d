package fasttext

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// model loads the classifier that the set-up unpacks.
func model(t *testing.T) *Model {
	t.Helper()
	m, err := Load(filepath.Join("..", "..", "..", "build", "models", "lid.176.ftz"))
	if err != nil {
		t.Fatalf("%v\nthe language classifier is missing: run ./crosssum setup", err)
	}
	return m
}

func TestLanguagesOfPlainSentencesAreFound(t *testing.T) {
	m := model(t)
	if len(m.Labels()) != 176 {
		t.Fatalf("%d labels", len(m.Labels()))
	}
	for text, want := range map[string]string{
		"This program converts images from one format to another":    "__label__en",
		"Dieses Programm wandelt Bilder von einem Format ins andere": "__label__de",
		"Эта программа преобразует изображения":                      "__label__ru",
		"このプログラムは画像を変換します":                                           "__label__ja",
	} {
		found, err := m.Predict(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Labels()[found[0].Label]; got != want {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func TestAllProbabilitiesAreGivenAndSumToOne(t *testing.T) {
	m := model(t)
	found, err := m.Predict("un petit programme pour lire des fichiers")
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, p := range found {
		sum += p.Probability
		if i > 0 && p.Probability > found[i-1].Probability {
			t.Errorf("rank %d is above rank %d", i, i-1)
		}
	}
	if math.Abs(sum-1) > 0.01 || len(found) < 20 {
		t.Errorf("%d labels with a sum of %v", len(found), sum)
	}
}

func TestAnEmptyLineIsAnsweredAndSeveralLinesAreRefused(t *testing.T) {
	m := model(t)
	if _, err := m.Predict(""); err != nil {
		t.Error(err)
	}
	if _, err := m.Predict("a\x00b"); err != nil {
		t.Error(err)
	}
	if _, err := m.Predict("one\ntwo"); err == nil {
		t.Error("two lines were taken for one")
	}
}

func TestForeignFilesAreErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.ftz")
	for _, content := range []string{"", "not a model", "\xba\x16\x4f\x2f\x0c\x00\x00\x00"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil {
			t.Errorf("loaded %q", content)
		}
	}
	if _, err := Load(path + ".absent"); err == nil {
		t.Error("loaded an absent file")
	}
}

func TestAClassifierThatIsCutOffOrDamagedIsRefusedBeforeTheLibraryReadsIt(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("..", "..", "..", "build", "models", "lid.176.ftz"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.ftz")
	refused := func(what string, content []byte) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := check(path); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
	for n := 0; n < len(whole); n += 1 + n/20 { // the library takes all memory for some of these
		refused(fmt.Sprint("the first ", n, " bytes"), whole[:n])
	}
	refused("a byte too many", append(slices.Clone(whole), 0))
	for at, what := range map[int]string{8: "the width of vectors", 64: "the number of entries", 68: "the number of words", 72: "the number of labels"} {
		for _, value := range []uint32{0, 1 << 30, math.MaxUint32} {
			damaged := slices.Clone(whole)
			binary.LittleEndian.PutUint32(damaged[at:], value)
			refused(fmt.Sprint(what, " as ", value), damaged)
		}
	}
}
