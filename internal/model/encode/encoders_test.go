package encode

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"crosssum/internal/engine"
	"crosssum/schemas"
)

// expectations are what transformers and sentence-transformers gave for the encoders of the fixture.
type expectations struct {
	Texts    []string
	Long     [][2]any // a unit and how often it is repeated
	Encoders map[string]struct {
		MaxTokens int `json:"max_tokens"`
		Rows      []struct{ IDs, Embedding string }
		Long      []string // SHA-256 of all ids
		Own       int      // texts for which transformers has other ids
	}
}

var readExpectations = sync.OnceValues(func() (e expectations, err error) {
	file, err := os.Open(filepath.Join("testdata", "encoders.json.gz"))
	if err != nil {
		return e, err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return e, err
	}
	return e, json.NewDecoder(z).Decode(&e)
})

func expected(t *testing.T) (expectations, []string) {
	t.Helper()
	e, err := readExpectations()
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(e.Encoders))
	return e, names
}

// fixtures unpacks the encoders of testdata/make_encoders.py.
func fixtures(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Open(filepath.Join("testdata", "encoders.tar.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := zstd.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for archive := tar.NewReader(z); ; {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		var content []byte
		if err == nil {
			content, err = io.ReadAll(archive)
		}
		path := filepath.Join(dir, entry.Name)
		if err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// unpacked are the little-endian 32-bit words of a base64 string.
func unpacked(t *testing.T, s string) []uint32 {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw)%4 != 0 {
		t.Fatalf("fixture: %d bytes, %v", len(raw), err)
	}
	out := make([]uint32, len(raw)/4)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(raw[4*i:])
	}
	return out
}

func TestTokenIdsOfEveryLayoutAreThoseOfItsPackage(t *testing.T) {
	dir := fixtures(t)
	want, names := expected(t)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			e, err := load(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			defer e.close()
			reference := want.Encoders[name]
			for i, text := range want.Texts {
				var ids []int32
				for _, id := range unpacked(t, reference.Rows[i].IDs) {
					ids = append(ids, int32(id))
				}
				got, err := e.tokenizer.Encode(text, reference.MaxTokens)
				if err != nil || !slices.Equal(got, ids) {
					t.Errorf("%.60q:\n got %v (%v)\nwant %v", text, got[:min(len(got), 40)], err, ids[:min(len(ids), 40)])
				}
			}
			for i, long := range want.Long {
				text := strings.Repeat(long[0].(string), int(long[1].(float64)))
				ids, err := e.tokenizer.Encode(text, schemas.MostBatchTokens)
				if err != nil {
					t.Fatal(err)
				}
				raw := binary.LittleEndian.AppendUint32(nil, 0)[:0]
				for _, id := range ids {
					raw = binary.LittleEndian.AppendUint32(raw, uint32(id))
				}
				if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != reference.Long[i] {
					t.Errorf("%.12q, %d times: other ids, %d of them", long[0], int(long[1].(float64)), len(ids))
				}
			}
		})
	}
}

func TestEmbeddingsOfEveryLayoutEqualTransformersWithinOneTenThousandth(t *testing.T) {
	dir := fixtures(t)
	want, names := expected(t)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			reference := want.Encoders[name]
			e, err := load(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			defer e.close()
			vectors := encoded(t, e, want.Texts, reference.MaxTokens)
			worst := 0.0
			for i, text := range want.Texts {
				values := unpacked(t, reference.Rows[i].Embedding)
				if len(values) != e.dimension {
					t.Fatalf("%d values, the reference has %d", e.dimension, len(values))
				}
				for j, bits := range values {
					got, value := vectors[i*e.dimension+j], math.Float32frombits(bits)
					worst = max(worst, math.Abs(float64(got-value)))
					if !(math.Abs(float64(got-value)) <= 1e-4) {
						t.Errorf("%.60q: value %d is %v, the reference gives %v", text, j, got, value)
						break
					}
				}
			}
			t.Logf("largest difference %.2g; for %d texts transformers has other ids", worst, reference.Own)
		})
	}
}

// encoded are the vectors of texts, in batches of eight.
func encoded(t *testing.T, e *encoder, contents []string, maxTokens int) []float32 {
	t.Helper()
	in := &texts{}
	for i, content := range contents {
		in.rows = append(in.rows, row{language: "text", id: fmt.Sprint(i), text: i})
		ids, err := e.tokenizer.Encode(content, maxTokens)
		if err != nil {
			t.Fatal(err)
		}
		in.texts = append(in.texts, text{content: content, row: i, ids: ids})
	}
	vectors := make([]float32, len(contents)*e.dimension)
	for from := 0; from < len(contents); from += 8 {
		var batch []int
		for i := from; i < min(from+8, len(contents)); i++ {
			batch = append(batch, i)
		}
		if err := e.encode(in, batch, vectors); err != nil {
			t.Fatal(err)
		}
	}
	return vectors
}

func TestADirectorysOwnLimitOfTokensIsKnown(t *testing.T) {
	dir := fixtures(t)
	for name, want := range map[string][2]int{"labse-plain": {512, 512}, "labse-modules": {512, 256}, "xlm-roberta": {512, 512}, "minilm": {512, 128},
		"bert-mean": {512, 64}, "static": {schemas.MostBatchTokens, schemas.MostBatchTokens}} {
		e, err := load(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if e.limit != want[0] || e.maxTokens != want[1] {
			t.Errorf("%s: limit %d and default %d, wanted %v", name, e.limit, e.maxTokens, want)
		}
		e.close()
	}
}

func TestLoadingReportsTheBytesThatWereRead(t *testing.T) {
	dir := fixtures(t)
	for _, name := range []string{"labse-plain", "static"} {
		var last schemas.Progress
		if _, err := load(filepath.Join(dir, name), func(p schemas.Progress) { last = p }); err != nil {
			t.Fatal(err)
		}
		if last.Of != schemas.OfModel || last.Done != last.Total || last.Done < 100_000 {
			t.Errorf("%s: %+v", name, last)
		}
	}
}

// broken changes one file of an encoder of the fixture and loads it.
func broken(t *testing.T, dir, name, file string, change func(string) string) error {
	t.Helper()
	copied := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(dir, name))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(copied, file)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	content := change(string(old))
	if content == string(old) {
		t.Fatalf("%s/%s: nothing was changed", name, file)
	}
	if content == "" {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, []byte(content), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	e, err := load(copied)
	if err == nil {
		e.close()
	}
	return err
}

func TestWhatADirectorySaysAndNothingHonoursIsNamed(t *testing.T) {
	dir := fixtures(t)
	replace := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	put := func(content string) func(string) string { return func(string) string { return content } }
	for _, c := range []struct {
		name, file string
		change     func(string) string
		says       string
	}{
		{"labse-plain", "tokenizer_config.json", replace(`"do_lower_case"`, `"do_swap_case": true, "do_lower_case"`), "do_swap_case"},
		{"labse-plain", "tokenizer_config.json", replace(`"BertTokenizer"`, `"CanineTokenizer"`), "CanineTokenizer"},
		{"labse-plain", "tokenizer_config.json", replace(`"[SEP]"`, `"[STOP]"`), "[STOP]"},
		{"labse-plain", "special_tokens_map.json", replace(`"[SEP]"`, `"[STOP]"`), "sep_token"},
		{"labse-plain", "added_tokens.json", put(`{"<new>": 30000}`), "<new>"},
		{"labse-plain", "vocab.txt", replace("[UNK]\n", "[NIX]\n"), "[UNK]"},
		{"labse-plain", "vocab.txt", func(s string) string { return s + "more\n" }, "vocab_size"},
		{"labse-plain", "vocab.txt", put(""), "holds none of"},
		{"labse-plain", "config.json", replace(`"num_hidden_layers": 2`, `"num_hidden_layers": 1`), "encoder.layer.1"},
		{"labse-plain", "config.json", replace(`"hidden_act"`, `"rope_theta": 1, "hidden_act"`), "rope_theta"},
		{"labse-plain", "model.safetensors.index.json", replace("model-00001", "../model-00001"), "beside it"},
		{"labse-plain", "model-00002-of-00002.safetensors", func(s string) string { return s[:len(s)-9] }, "model-00002-of-00002"},
		{"labse-modules", "2_Dense/config.json", replace(`"in_features": 16`, `"in_features": 17`), "in_features"},
		{"labse-modules", "2_Dense/config.json", replace(`"out_features": 12`, `"out_features": 13`), "linear.weight"},
		{"labse-modules", "2_Dense/model.safetensors", put(""), "weights_only=True"},
		{"labse-modules", "model.safetensors", put(""), "model.safetensors: is missing"},
		{"xlm-roberta", "tokenizer_config.json", replace(`"<pad>"`, `"<padding>"`), "pad_token"},
		{"minilm", "tokenizer.json", replace(`"Metaspace"`, `"ByteLevel"`), "ByteLevel"},
		{"minilm", "tokenizer.json", replace(`"TemplateProcessing"`, `"ByteLevel"`), "post_processor"},
		{"static", "tokenizer.json", replace(`"BertNormalizer"`, `"NFKC"`), "NFKC"},
		{"static", "tokenizer.json", replace(`"WordPiece"`, `"BPE"`), "BPE"},
		{"static", "model.safetensors", put(""), "weights_only=True"},
	} {
		if err := broken(t, dir, c.name, c.file, c.change); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s/%s: %v, wanted %q", c.name, c.file, err, c.says)
		}
	}
}

func TestATextWithoutTokensHasTheZeroVectorAndOnlyInAStaticEmbedding(t *testing.T) {
	dir := fixtures(t)
	e, err := load(filepath.Join(dir, "static"))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range encoded(t, e, []string{"\u200d"}, 16) {
		if v != 0 {
			t.Errorf("value %d is %v", i, v)
		}
	}
}

func TestTheStoresVectorsHaveUnitLengthWhateverTheModulesSay(t *testing.T) {
	dir := fixtures(t)
	contents := []string{"an image viewer", "ein Bildbetrachter"}
	for _, vector := range run(t, engine.EncodeRequest{Model: filepath.Join(dir, "xlm-roberta"), MaxTokens: 64, BatchTokens: 64}, contents) {
		length := 0.0
		for _, v := range vector {
			length += float64(v) * float64(v)
		}
		if math.Abs(length-1) > 1e-6 {
			t.Errorf("length %v", math.Sqrt(length))
		}
	}
	e, err := load(filepath.Join(dir, "xlm-roberta"))
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	raw := encoded(t, e, contents[:1], 64)
	if same := slices.Clone(raw); e.unit || !unit(same) || slices.Equal(same, raw) {
		t.Error("the fixture has unit length already: this test sees nothing")
	}
}
