package t5

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"crosssum/internal/model/starts"
	"crosssum/internal/native/sentencepiece"
)

// pieces is a vocabulary of a few pieces: with these sentinels among them, or, as T5 v1.1's, none.
func pieces(t *testing.T, sentinels ...string) (dir string, size int) {
	t.Helper()
	dir = t.TempDir()
	sentences := filepath.Join(dir, "sentences.txt")
	must(t, os.WriteFile(sentences, []byte(strings.Repeat("one two three words of some more text\n", 9)), 0o644))
	raw, err := sentencepiece.Train(sentences, sentencepiece.TrainOptions{VocabularySize: 40, Pad: 0, Eos: 1, Unk: 2, Bos: -1, Threads: 1,
		CharacterCoverage: 1, UserSymbols: sentinels, Extra: map[string]string{"hard_vocab_limit": "false"}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "spiece.model"), raw, 0o644))
	model, err := sentencepiece.Load(filepath.Join(dir, "spiece.model"))
	must(t, err)
	return dir, model.Size()
}

func TestSentinelsThatLieBehindThePiecesStartDecoders(t *testing.T) {
	ofT5, size := pieces(t)
	ofMT5, own := pieces(t, starts.SentinelPiece(54), starts.SentinelPiece(53), starts.SentinelPiece(0))
	for name, c := range map[string]struct {
		dir   string
		rows  int
		added string // added_tokens.json
		known starts.Tokens
		want  map[string]starts.Token // nil: there are none
		err   string
	}{
		"T5 v1.1, with 28 rows more": {dir: ofT5, rows: size + 128, want: map[string]starts.Token{
			"danish": {ID: size + 45, Piece: "<extra_id_54>"}, "german": {ID: size + 46, Piece: "<extra_id_53>"}}},
		"T5 v1.1, with exactly the rows": {dir: ofT5, rows: size + 100, want: map[string]starts.Token{
			"danish": {ID: size + 45, Piece: "<extra_id_54>"}, "german": {ID: size + 46, Piece: "<extra_id_53>"}}},
		"one fine-tuned before, by its places": {dir: ofT5, rows: size + 128, known: starts.Tokens{"russian": {ID: 36, Piece: "<extra_id_63>"}, "danish": {ID: 45, Piece: "<extra_id_54>"}},
			want: map[string]starts.Token{"russian": {ID: size + 36, Piece: "<extra_id_63>"}, "danish": {ID: size + 45, Piece: "<extra_id_54>"}, "german": {ID: size + 46, Piece: "<extra_id_53>"}}},
		"sentinels in a file, as transformers saves them": {dir: ofT5, rows: size + 128, added: `{"<extra_id_54>": EXTRA}`, want: map[string]starts.Token{
			"danish": {ID: size + 45, Piece: "<extra_id_54>"}, "german": {ID: size + 46, Piece: "<extra_id_53>"}}},
		"a token of a language behind the pieces": {dir: ofT5, rows: size + 128, added: `{"<2da>": LAST}`, known: starts.Tokens{"danish": {ID: size + 127, Piece: "<2da>"}},
			want: map[string]starts.Token{"danish": {ID: size + 127, Piece: "<2da>"}, "german": {ID: size + 45, Piece: "<extra_id_54>"}}},
		"mT5, whose own pieces go before the rows behind": {dir: ofMT5, rows: own + 128, want: map[string]starts.Token{
			"danish": {ID: 3, Piece: starts.SentinelPiece(54)}, "german": {ID: 4, Piece: starts.SentinelPiece(53)}}},
		"no rows behind":                  {dir: ofT5, rows: size, err: "the model's vocabulary has no <extra_id_N> pieces"},
		"fewer rows than sentinels":       {dir: ofT5, rows: size + 99, err: "its tables have no 100 rows behind the pieces"},
		"a map that names the other form": {dir: ofT5, rows: size + 128, known: starts.Tokens{"russian": {ID: 36, Piece: starts.SentinelPiece(63)}}, err: "russian starts with the piece"},
	} {
		added := filepath.Join(c.dir, "added_tokens.json")
		os.Remove(added)
		if c.added != "" {
			text := strings.NewReplacer("EXTRA", strconv.Itoa(size+45), "LAST", strconv.Itoa(size+127)).Replace(c.added)
			must(t, os.WriteFile(added, []byte(text), 0o644))
		}
		languages := c.known
		if languages == nil {
			languages = starts.Tokens{}
		}
		tokenizer, err := LoadTokenizer(c.dir, &Config{VocabSize: c.rows, EOSTokenID: 1, Languages: languages})
		if err == nil {
			_, err = languages.Assign([]string{"danish", "german"}, tokenizer.Lookup)
		}
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "fewer target languages") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(tokenizer.Remarks) > 0 {
			t.Errorf("%s: %v", name, tokenizer.Remarks)
		}
		for language, want := range c.want {
			if languages[language] != want {
				t.Errorf("%s: %s starts with %v, wanted %v", name, language, languages[language], want)
			}
			if id := int32(want.ID); strings.Contains(want.Piece, "extra_id") && !tokenizer.Sentinels()[id] {
				t.Errorf("%s: %s may be generated", name, want.Piece)
			}
		}
		if text, err := tokenizer.Decode([]int32{int32(size + 45), int32(size + 46), 1}); c.dir == ofT5 && c.known == nil && (err != nil || text != "") {
			t.Errorf("%s: sentinels come out as %q, %v", name, text, err)
		}
	}
}
