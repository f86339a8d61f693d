package encode

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/tokenizer"
	"crosssum/schemas"
)

// modelDir is where the set-up converts the encoder to.
func modelDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "build", "models", "multilingual-e5-small")
	if _, err := os.Stat(filepath.Join(dir, "config.json")); err != nil {
		t.Fatalf("%v\nthe encoder is missing: run ./crosssum setup", err)
	}
	return dir
}

// reference is what SentencePiece and transformers gave, see testdata/make.py.
type reference struct {
	Prefix    string `json:"prefix"`
	MaxTokens int    `json:"max_tokens"`
	Rows      []struct {
		Text      string  `json:"text"`
		IDs       []int32 `json:"ids"`
		Embedding string  `json:"embedding"`
	} `json:"rows"`
}

func readReference(t *testing.T) reference {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "e5.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.NewDecoder(z).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// input writes texts as an Arrow file of schemas.TextRow.
func input(t testing.TB, texts []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "texts.arrow")
	if err := arrowfile.WriteRows(path, len(texts), func(i int) schemas.TextRow {
		return schemas.TextRow{Language: "english", ID: fmt.Sprintf("%05d", i), Text: texts[i]}
	}); err != nil {
		t.Fatal(err)
	}
	return path
}

// run encodes texts and returns the vectors in their order.
func run(t *testing.T, request engine.EncodeRequest, texts []string) [][]float32 {
	t.Helper()
	request.Input, request.Column, request.Output = input(t, texts), "text", filepath.Join(t.TempDir(), "embeddings.arrow")
	result, err := Run(context.Background(), request, func(schemas.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	if result.Rows != int64(len(texts)) {
		t.Fatalf("%d rows of %d", result.Rows, len(texts))
	}
	var out [][]float32
	err = arrowfile.Each(request.Output, func(r *schemas.EmbeddingRow) error {
		if want := fmt.Sprintf("%05d", len(out)); r.ID != want {
			t.Errorf("row %d has id %s", len(out), r.ID)
		}
		out = append(out, append([]float32(nil), r.Embedding...))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTokenIdsAreSentencePieces(t *testing.T) {
	tokens, err := tokenizer.LoadXLMR(modelDir(t), 250037)
	if err != nil {
		t.Fatal(err)
	}
	r := readReference(t)
	for _, row := range r.Rows {
		ids, err := tokens.Encode(r.Prefix+row.Text, r.MaxTokens)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(ids) != fmt.Sprint(row.IDs) {
			t.Errorf("%.40q:\n got %v\nwant %v", row.Text, ids, row.IDs)
		}
	}
}

func TestEmbeddingsEqualTransformersWithinOneTenThousandth(t *testing.T) {
	r := readReference(t)
	texts := make([]string, len(r.Rows))
	for i, row := range r.Rows {
		texts[i] = row.Text
	}
	got := run(t, engine.EncodeRequest{Model: modelDir(t), Prefix: r.Prefix, MaxTokens: r.MaxTokens, BatchTokens: 1024}, texts)
	worst := 0.0
	for i, row := range r.Rows {
		raw, err := base64.StdEncoding.DecodeString(row.Embedding)
		if err != nil || len(raw) != 4*len(got[i]) {
			t.Fatalf("fixture row %d: %d bytes, %v", i, len(raw), err)
		}
		for j, v := range got[i] {
			want := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*j:]))
			if d := math.Abs(float64(v - want)); d > 1e-4 {
				t.Errorf("%.40q: value %d is %v, transformers gives %v", row.Text, j, v, want)
				break
			} else if d > worst {
				worst = d
			}
		}
	}
	t.Logf("largest difference %.2g", worst)
}
