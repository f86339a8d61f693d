package embeddings

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/schemas"
)

// world is a store and the articles of one language. Its encoder's vectors depend on the batch, as those of real ones do in
// their last bits: (number of the text within its request, size of the request, hash of the text).
type world struct {
	t       *testing.T
	store   *store.Store
	encoded int // texts that the encoder was given
	calls   int
	before  func() // called by the encoder, when set
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, store: s}
}

// articles writes an articles file and tells its digest.
func (w *world) articles(summaries []string) (path, digest string) {
	w.t.Helper()
	path = filepath.Join(w.t.TempDir(), "articles.arrow")
	if err := arrowfile.WriteRows(path, len(summaries), func(i int) schemas.ArticleRow {
		return schemas.ArticleRow{Language: "english", ID: fmt.Sprintf("%05d", i), Summary: summaries[i], Text: "text"}
	}); err != nil {
		w.t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	return path, hex.EncodeToString(sum[:])
}

const prefix = "query: "

// unknown is a text that the encoder has no token of.
const unknown = "\u200d"

func (w *world) encode(_ context.Context, input, output string) (tokens int64, err error) {
	if w.before != nil {
		w.before()
	}
	w.calls++
	var texts []string
	err = arrowfile.Each(input, func(r *schemas.TextRow) error {
		texts = append(texts, arrowfile.Clone(r.Text))
		return nil
	})
	if err != nil {
		return 0, err
	}
	out, err := arrowfile.CreateVectors[schemas.EmbeddingRow](output, 3, nil)
	if err != nil {
		return 0, err
	}
	for i, text := range texts {
		sum := sha256.Sum256([]byte(prefix + text))
		vector := []float32{float32(i), float32(len(texts)), float32(sum[0])}
		if text == unknown {
			clear(vector)
		}
		if err := out.Append(schemas.EmbeddingRow{TextDigest: hex.EncodeToString(sum[:]), Embedding: vector}); err != nil {
			return 0, err
		}
	}
	w.encoded += len(texts)
	return int64(3 * len(texts)), out.Close()
}

// outcome is what an embed unit publishes.
type outcome struct {
	bytes           string
	vectors         []string
	encoded, tokens int64
	texts           int
	zero            int64
}

func (w *world) embed(summaries []string) (outcome, error) {
	w.t.Helper()
	path, digest := w.articles(summaries)
	var o outcome
	texts, err := Read(path, prefix, func() {})
	if err != nil {
		return o, err
	}
	chain := Chain{Store: w.store, Name: "embeddings/abc/english", Articles: digest, Encode: w.encode}
	if err := chain.Complete(context.Background(), texts); err != nil {
		return o, err
	}
	o.texts = texts.Distinct()
	o.encoded, o.tokens = chain.Own()
	out := filepath.Join(w.t.TempDir(), "embeddings.arrow")
	if o.zero, err = chain.Write(context.Background(), texts, out); err != nil {
		return o, err
	}
	b, err := os.ReadFile(out)
	o.bytes = string(b)
	row := 0
	return o, errors.Join(err, arrowfile.Each(out, func(r *schemas.EmbeddingRow) error {
		if want := fmt.Sprintf("%05d", row); r.Language != "english" || r.ID != want {
			w.t.Errorf("row %d is %s/%s", row, r.Language, r.ID)
		}
		sum := sha256.Sum256([]byte(prefix + summaries[row]))
		if r.TextDigest != hex.EncodeToString(sum[:]) || summaries[row] != unknown && r.Embedding[2] != float32(sum[0]) {
			w.t.Errorf("row %d has the vector of another text", row)
		}
		row++
		o.vectors = append(o.vectors, fmt.Sprint(r.Embedding))
		return nil
	}))
}

func (w *world) must(o outcome, err error) outcome {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func summaries(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("summary %d", i))
	}
	return out
}

func TestASecondRunOverTheSameArticlesAndFivePercentMoreEmbedsTheFivePercent(t *testing.T) {
	w := newWorld(t)
	first := w.must(w.embed(summaries(0, 1000)))
	if first.encoded != 1000 || first.tokens != 3000 || w.encoded != 1000 {
		t.Fatalf("first: encoded %d, tokens %d; the encoder saw %d", first.encoded, first.tokens, w.encoded)
	}
	second := w.must(w.embed(append(summaries(0, 1000), summaries(1000, 1050)...)))
	if second.encoded != 50 || second.tokens != 150 || second.texts != 1050 || w.encoded != 1050 {
		t.Errorf("second: encoded %d of %d; the encoder saw %d in all", second.encoded, second.texts, w.encoded)
	}
	for i, v := range first.vectors {
		if second.vectors[i] != v {
			t.Fatalf("text %d had the vector %s and has %s", i, v, second.vectors[i])
		}
	}
	if third := w.must(w.embed(summaries(0, 1000))); third.bytes != first.bytes || w.encoded != 1050 {
		t.Errorf("the first articles again: other bytes, or encoded again (%d)", w.encoded)
	}
}

func TestEqualTextsAreEncodedOnceAndManyBlocksGiveTheBytesOfOne(t *testing.T) {
	texts := append(append(summaries(0, 70), summaries(20, 50)...), "", "summary 3", "")
	w := newWorld(t)
	one := w.must(w.embed(texts))
	if one.texts != 71 || w.encoded != 71 {
		t.Errorf("%d texts, %d encoded", one.texts, w.encoded)
	}
	defer func(n int) { blockBytes = n }(blockBytes)
	for _, blockBytes = range []int{1, 7 * (12 + articleBytes), 103 * (12 + articleBytes), 104 * (12 + articleBytes)} {
		if many := w.must(w.embed(texts)); many.bytes != one.bytes {
			t.Errorf("blocks of %d bytes: other bytes", blockBytes)
		}
	}
}

func TestArticlesWithoutAKnownTokenAreCountedAndTheOthersHaveTheirVectors(t *testing.T) {
	o, err := newWorld(t).embed([]string{"a", unknown, "b", unknown})
	if err != nil || o.zero != 2 || o.texts != 3 {
		t.Errorf("%d zero vectors, %d texts, %v", o.zero, o.texts, err)
	}
}

func TestALongListBecomesSeveralPartsAndARetryGoesOnBehindThem(t *testing.T) {
	defer func(n, b int) { partTexts, partBytes = n, b }(partTexts, partBytes)
	partTexts = 30
	calm := newWorld(t)
	want := calm.must(calm.embed(summaries(0, 100)))
	if calm.calls != 4 {
		t.Errorf("%d parts of 100 texts, 30 a part", calm.calls)
	}
	for fails := 1; fails <= 4; fails++ {
		w := newWorld(t)
		w.before = func() {
			if w.calls == fails-1 {
				panic("killed")
			}
		}
		func() {
			defer func() { recover() }()
			w.embed(summaries(0, 100))
		}()
		w.before = nil
		if got := w.must(w.embed(summaries(0, 100))); got.bytes != want.bytes || got.encoded != 100 || w.encoded != 100 {
			t.Errorf("killed in part %d: other bytes, or encoded %d, or the encoder saw %d", fails, got.encoded, w.encoded)
		}
	}
	partTexts, partBytes = 1000, 200
	w := newWorld(t)
	if w.must(w.embed(summaries(0, 100))); w.calls < 8 || w.encoded != 100 {
		t.Errorf("%d parts by bytes, %d texts", w.calls, w.encoded)
	}
}

func TestARunThatIsKilledAtAReferenceEndsWithTheBytesAndCountsOfAnUndisturbedOne(t *testing.T) {
	calm := newWorld(t)
	want := calm.must(calm.embed(summaries(0, 40)))
	for _, point := range []string{"before-object", "after-object", "before-ref", "after-ref"} {
		w := newWorld(t)
		reached := false
		w.store.Crash = func(p string) {
			if p == point {
				reached = true
				panic("killed")
			}
		}
		func() {
			defer func() { recover() }()
			w.embed(summaries(0, 40))
		}()
		w.store.Crash = nil
		got := w.must(w.embed(summaries(0, 40)))
		if !reached || got.bytes != want.bytes || got.encoded != want.encoded || got.tokens != want.tokens {
			t.Errorf("killed %s (%v): %d encoded, wanted %d; equal bytes: %v", point, reached, got.encoded, want.encoded, got.bytes == want.bytes)
		}
	}
}

func TestTheLoserOfARaceForAPartTakesWhatTheWinnerPublished(t *testing.T) {
	w := newWorld(t)
	var winner outcome
	w.before = func() { // while the first run encodes, another one embeds half of the texts
		w.before = nil
		winner = w.must(w.embed(summaries(0, 50)))
	}
	loser := w.must(w.embed(summaries(0, 100)))
	for i, v := range winner.vectors {
		if loser.vectors[i] != v {
			t.Fatalf("text %d is %s for the winner and %s for the loser", i, v, loser.vectors[i])
		}
	}
	if winner.encoded != 50 || loser.encoded != 50 {
		t.Errorf("published %d by the winner and %d by the loser", winner.encoded, loser.encoded)
	}
	again := w.encoded
	if same := w.must(w.embed(summaries(0, 100))); same.bytes != loser.bytes || w.encoded != again {
		t.Error("the texts were encoded again after the race, or have other vectors")
	}
}

func TestALanguageWithoutArticlesHasAnEmptyFileOfTheRightWidth(t *testing.T) {
	w := newWorld(t)
	if o := w.must(w.embed(nil)); len(o.vectors) != 0 || o.encoded != 0 {
		t.Errorf("%+v", o)
	}
	if o := w.must(w.embed(summaries(0, 3))); o.encoded != 3 {
		t.Errorf("%+v", o)
	}
}
