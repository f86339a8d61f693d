package sentencepiece

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// trained is a model of 330 pieces over a small invented text.
func trained(t *testing.T, threads int) []byte {
	t.Helper()
	var text strings.Builder
	for i := 0; i < 400; i++ {
		fmt.Fprintf(&text, "the %dth small program reads many files and writes one page for language %d\n", i, i%7)
	}
	input := filepath.Join(t.TempDir(), "with, a comma.txt")
	if err := os.WriteFile(input, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := Train(input, TrainOptions{VocabularySize: 330, ByteFallback: true, Pad: 0, Eos: 1, Unk: 2, Bos: -1,
		UserSymbols: []string{"<extra_id_0>", "<extra_id_1>"}, Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestATrainedModelReadsBackWhatItWrote(t *testing.T) {
	m, err := FromBytes(trained(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	if m.Size() != 330 || m.Pad() != 0 || m.Eos() != 1 || m.Unk() != 2 || m.Bos() != -1 {
		t.Fatalf("size %d, pad %d, eos %d, unk %d, bos %d", m.Size(), m.Pad(), m.Eos(), m.Unk(), m.Bos())
	}
	for _, text := range []string{"", "the small program", "日本語 と emoji 🎉", "a\x00b"} {
		ids, err := m.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		back, err := m.Decode(ids)
		if err != nil || back != text {
			t.Errorf("%q came back as %q (%v)", text, back, err)
		}
	}
	if id := m.ID("<extra_id_1>"); id == m.Unk() {
		t.Error("a user symbol has no piece")
	}
	if p, err := m.Piece(m.ID("<0x41>")); err != nil || p.Kind != Byte {
		t.Errorf("the byte piece of A is %v (%v)", p, err)
	}
	if p, err := m.Piece(1); err != nil || p.Kind != Control || p.Text != "</s>" {
		t.Errorf("piece 1 is %v (%v)", p, err)
	}
}

func TestTrainingTwiceGivesTheSameBytes(t *testing.T) {
	if !bytes.Equal(trained(t, 2), trained(t, 2)) {
		t.Error("two trainings on the same text differ")
	}
}

func TestControlPiecesSpelledOutInTextStayText(t *testing.T) {
	m, err := FromBytes(trained(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := m.Encode("a </s> b <pad> c")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if int(id) == m.Eos() || int(id) == m.Pad() {
			t.Fatalf("text became a control id: %v", ids)
		}
	}
}

func TestFailuresAreErrors(t *testing.T) {
	if _, err := FromBytes([]byte("not a model")); err == nil {
		t.Error("loaded a file that is not a model")
	}
	if _, err := FromBytes(nil); err == nil {
		t.Error("loaded nothing")
	}
	if _, err := Train(filepath.Join(t.TempDir(), "absent"), TrainOptions{VocabularySize: 10}); err == nil {
		t.Error("trained on an absent file")
	}
	if _, err := Train("x", TrainOptions{VocabularySize: 10, UserSymbols: []string{"a,b"}}); err == nil {
		t.Error("took a symbol with a comma")
	}
	m, err := FromBytes(trained(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Decode([]int32{int32(m.Size())}); err == nil {
		t.Error("decoded an id outside of the vocabulary")
	}
	if _, err := m.Piece(-1); err == nil {
		t.Error("described an id outside of the vocabulary")
	}
}

func TestTheLibrarysNormalizationMapComesWithAToyModel(t *testing.T) {
	b, err := NormalizationModel("nmt_nfkc")
	if err != nil {
		t.Fatal(err)
	}
	if len(b) < 200_000 {
		t.Errorf("the model has only %d bytes: no compiled map in it", len(b))
	}
}

func TestNormalizationRulesOfOnesOwnAreApplied(t *testing.T) {
	b, err := CompileNormalization(map[string]string{"x": "a b", "xy": "j", "\u200d": " ", "q": ""})
	if err != nil {
		t.Fatal(err)
	}
	m, err := FromBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	for text, same := range map[string]string{"x": "a b", "xy": "j", "axy": "aj", "a\u200db": "a b", "aq": "a"} {
		got, err1 := m.Encode(text)
		want, err2 := m.Encode(same)
		if err1 != nil || err2 != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q is cut as %v and %q as %v", text, got, same, want)
		}
	}
}

func FuzzModelFile(f *testing.F) {
	pieces := []Piece{{"<unk>", 0, Unknown}, {"<s>", 0, Control}, {"▁a", -1, Normal}, {"b", -2, Normal}}
	f.Add(Serialize(pieces, "", nil), "ab <s>")
	rules, err := CompileNormalization(map[string]string{"x": "a b"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(rules, "x ab")
	f.Fuzz(func(t *testing.T, raw []byte, text string) {
		cutsSoundly(t, raw, text)
	})
}

// cutsSoundly cuts a text with a model file, if the file is one: ids are pieces, and every piece has a text.
func cutsSoundly(t *testing.T, raw []byte, text string) {
	m, err := FromBytes(raw)
	if err != nil {
		return
	}
	ids, err := m.Encode(text)
	if err != nil {
		return
	}
	for _, id := range ids {
		if id < 0 || int(id) >= m.Size() {
			t.Fatalf("id %d of %d", id, m.Size())
		}
	}
	if _, err := m.Decode(ids); err != nil {
		t.Fatal(err)
	}
	for id := range min(m.Size(), 100) {
		if _, err := m.Piece(id); err != nil {
			t.Fatalf("piece %d: %v", id, err)
		}
	}
}

func TestASerializedModelCutsAsItsPiecesSay(t *testing.T) {
	m, err := FromBytes(Serialize([]Piece{{"<s>", 0, Control}, {"<unk>", 0, Unknown}, {"▁a", -1, Normal}, {"b", -2, Normal}}, "", nil))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := m.Encode(" ab  <s>")
	if err != nil || m.Unk() != 1 || fmt.Sprint(ids[:2]) != "[2 3]" || bytes.Contains([]byte(fmt.Sprint(ids)), []byte("0")) {
		t.Errorf("%v, %v, unk %d", ids, err, m.Unk())
	}
}
