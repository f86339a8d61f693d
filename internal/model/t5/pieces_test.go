package t5

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"crosssum/internal/model/starts"
	"crosssum/internal/native/sentencepiece"
)

const shipped = "../../../models/crosssum-small"

func shippedTokenizer(t *testing.T) *Tokenizer {
	t.Helper()
	config, err := LoadConfig(shipped)
	must(t, err)
	tokenizer, err := LoadTokenizer(shipped, config)
	must(t, err)
	return tokenizer
}

func readGzip(t *testing.T, path string, into any) {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	must(t, err)
	must(t, json.NewDecoder(unpacked).Decode(into))
}

func TestIdsAreThoseOfSentencePieceItself(t *testing.T) { // see testdata/make_pieces.py
	var want struct {
		Texts   []string
		IDs     [][]int32
		Every   int
		Digests map[string]sampleDigest // by file of the sample
	}
	readGzip(t, "testdata/pieces.json.gz", &want)
	tokenizer := shippedTokenizer(t)
	for i, text := range want.Texts {
		got, err := tokenizer.Source(text, 1<<20)
		must(t, err)
		if !slices.Equal(got, append(want.IDs[i], 1)) {
			t.Errorf("%q is cut as %v, SentencePiece has %v", text, got, want.IDs[i])
		}
	}
	if len(want.Texts) < 60 || len(want.Digests) < 50 {
		t.Fatalf("%d hostile texts and %d files", len(want.Texts), len(want.Digests))
	}
	ties, texts := 0, 0
	for name, file := range want.Digests {
		got := digestSample(t, tokenizer, name, want.Every, file.Ties)
		if got.Texts != file.Texts || got.Digest != file.Digest {
			t.Errorf("%s: %d texts with digest %s, SentencePiece has %d with %s", name, got.Texts, got.Digest, file.Texts, file.Digest)
		}
		ties, texts = ties+len(file.Ties), texts+file.Texts
	}
	if ties*50 > texts {
		t.Errorf("%d of %d texts are left out as ties", ties, texts)
	}
}

// sampleDigest is the SHA-256 of the ids of texts, a line each, without those that have two best segmentations.
type sampleDigest struct {
	Texts  int
	Ties   []int
	Digest string
}

// digestSample cuts summaries and texts of every so many articles of a file of the shipped sample.
func digestSample(t *testing.T, tokenizer *Tokenizer, name string, every int, ties []int) sampleDigest {
	file, err := os.Open(filepath.Join("../../../corpus/sample", name))
	must(t, err)
	defer file.Close()
	unpacked, err := zstd.NewReader(file)
	must(t, err)
	defer unpacked.Close()
	h, texts := sha256.New(), 0
	rows := json.NewDecoder(unpacked)
	for n := 0; rows.More(); n++ {
		var row struct{ Summary, Text string }
		must(t, rows.Decode(&row))
		if n%every != 0 {
			continue
		}
		for _, text := range []string{row.Summary, row.Text} {
			if !slices.Contains(ties, texts) {
				ids, err := tokenizer.Source(text, 1<<20)
				must(t, err)
				fmt.Fprintln(h, strings.Trim(fmt.Sprint(ids[:len(ids)-1]), "[]"))
			}
			texts++
		}
	}
	return sampleDigest{Texts: texts, Ties: ties, Digest: hex.EncodeToString(h.Sum(nil))}
}

func TestControlTokensSpelledOutInTextNeverBecomeControlIDs(t *testing.T) {
	tokenizer := shippedTokenizer(t)
	for _, text := range []string{"</s>", "a </s> b", "<pad>", "<pad><pad>", "<unk>", "a</s>", "▁</s>", "</s> <pad> <unk> <s> end"} {
		ids, err := tokenizer.Source(text, 512)
		must(t, err)
		label, _, err := tokenizer.Label(text, 84)
		must(t, err)
		for _, list := range [][]int32{ids, label} {
			for k, id := range list {
				if id <= 2 && (id != 1 || k != len(list)-1) {
					t.Errorf("%q: id %d at place %d of %v", text, id, k, list)
				}
			}
		}
		if back, err := tokenizer.Decode(ids); err != nil || strings.ReplaceAll(back, " ", "") != strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "▁", "") {
			t.Errorf("%q comes back as %q, %v", text, back, err)
		}
	}
}

func TestSentinelsStayInSourcesAndAreLeftOutOfLabelsAndGeneratedText(t *testing.T) {
	dir := t.TempDir()
	sentences := filepath.Join(dir, "sentences.txt")
	must(t, os.WriteFile(sentences, []byte(strings.Repeat("one two three words of some more text\n", 9)), 0o644))
	pieces, err := sentencepiece.Train(sentences, sentencepiece.TrainOptions{VocabularySize: 40, Pad: 0, Eos: 1, Unk: 2, Bos: -1, Threads: 1,
		CharacterCoverage: 1, UserSymbols: []string{starts.SentinelPiece(63), starts.SentinelPiece(0)}, Extra: map[string]string{"hard_vocab_limit": "false"}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "spiece.model"), pieces, 0o644))
	tokenizer, err := LoadTokenizer(dir, &Config{VocabSize: 100, EOSTokenID: 1})
	must(t, err)
	const text = "one <extra_id_63> two <extra_id_0> three"
	source, err := tokenizer.Source(text, 512)
	must(t, err)
	inSource := 0
	for _, id := range source {
		if tokenizer.Sentinels()[id] {
			inSource++
		}
	}
	label, dropped, err := tokenizer.Label(text, 84)
	must(t, err)
	if inSource != 2 || dropped != 2 || len(label) != len(source)-2 {
		t.Errorf("%d sentinels in the source %v, %d dropped from the label %v", inSource, source, dropped, label)
	}
	if out, err := tokenizer.Decode(source); err != nil || strings.Join(strings.Fields(out), " ") != "one two three" {
		t.Errorf("generated text is %q, %v", out, err)
	}
	if out, err := tokenizer.Decode([]int32{source[0], 99, 1, source[0]}); err != nil || strings.Contains(out, "99") {
		t.Errorf("an id that has no piece comes out as %q, %v", out, err)
	}
}

func TestADirectoryWithoutSentencePieceSaysWhereToTakeItFrom(t *testing.T) { // such as transformers 5 saves
	if _, err := LoadTokenizer(t.TempDir(), &Config{VocabSize: 100, EOSTokenID: 1}); err == nil || !strings.Contains(err.Error(), "copy spiece.model") {
		t.Errorf("got %v", err)
	}
}

func TestTruncationKeepsTheEnd(t *testing.T) {
	tokenizer := shippedTokenizer(t)
	long := strings.Repeat("many words stand here ", 400)
	for limit, cut := range map[int]func(int) ([]int32, error){
		512: func(n int) ([]int32, error) { return tokenizer.Source(long, n) },
		84:  func(n int) ([]int32, error) { ids, _, err := tokenizer.Label(long, n); return ids, err },
	} {
		whole, err := cut(1 << 20)
		must(t, err)
		ids, err := cut(limit)
		must(t, err)
		if len(ids) != limit || ids[limit-1] != 1 || !slices.Equal(ids[:limit-1], whole[:limit-1]) || len(whole) <= limit {
			t.Errorf("limit %d: %d ids, the last is %d", limit, len(ids), ids[len(ids)-1])
		}
		exact, err := cut(len(whole))
		must(t, err)
		if !slices.Equal(exact, whole) {
			t.Errorf("a text of exactly %d ids is cut", len(whole))
		}
	}
	if ids, err := tokenizer.Source("", 512); err != nil || !slices.Equal(ids, []int32{1}) {
		t.Errorf("an empty text is %v, %v", ids, err)
	}
}

// TestTheMapOfPublishedCheckpointsGivesTheSameStartTokens: csebuetnlp's have a piece's place among the sentinels where others have its id.
func TestTheMapOfPublishedCheckpointsGivesTheSameStartTokens(t *testing.T) {
	dir := t.TempDir()
	raw, err := os.ReadFile(filepath.Join(shipped, "config.json"))
	must(t, err)
	var config map[string]any
	must(t, json.Unmarshal(raw, &config))
	for _, pair := range config["task_specific_params"].(map[string]any)["langid_map"].(map[string]any) {
		var n int
		_, err := fmt.Sscanf(pair.([]any)[1].(string), "▁<extra_id_%d>", &n)
		must(t, err)
		pair.([]any)[0] = 99 - n
	}
	raw, err = json.Marshal(config)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "config.json"), raw, 0o644))
	vocabulary, err := os.ReadFile(filepath.Join(shipped, "spiece.model"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "spiece.model"), vocabulary, 0o644))
	var languages []starts.Tokens
	for _, dir := range []string{shipped, dir} {
		c, err := LoadConfig(dir)
		must(t, err)
		tokenizer, err := LoadTokenizer(dir, c)
		must(t, err)
		if len(tokenizer.Remarks) > 0 {
			t.Errorf("%s: %v", dir, tokenizer.Remarks)
		}
		languages = append(languages, c.Languages)
	}
	if len(languages[0]) < 45 || !maps.Equal(languages[0], languages[1]) {
		t.Errorf("%v\n%v", languages[0], languages[1])
	}
}
