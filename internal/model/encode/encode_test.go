package encode

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

func request(t *testing.T) engine.EncodeRequest {
	return engine.EncodeRequest{Model: modelDir(t), Prefix: "query: ", MaxTokens: 64, BatchTokens: 256}
}

func TestEqualTextsAreEncodedOnceAndKeepTheirRows(t *testing.T) {
	texts := []string{"an image viewer", "ein Bildbetrachter", "an image viewer", "", "ein Bildbetrachter"}
	r := request(t)
	r.Input, r.Column, r.Output = input(t, texts), "text", filepath.Join(t.TempDir(), "out.arrow")
	result, err := Run(context.Background(), r, func(schemas.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	if result.Rows != 5 || result.Texts != 3 {
		t.Errorf("%d rows and %d texts", result.Rows, result.Texts)
	}
	digests := map[string]string{}
	var vectors [][]float32
	err = arrowfile.Each(r.Output, func(row *schemas.EmbeddingRow) error {
		digests[row.ID] = arrowfile.Clone(row.TextDigest)
		vectors = append(vectors, slices.Clone(row.Embedding))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// printf 'query: an image viewer' | sha256sum
	const want = "68f95ea283873329679fdb23c4c4464a2aa44cb14d2d73336f842f0eb324e7ce"
	if digests["00000"] != digests["00002"] || digests["00000"] == digests["00001"] || digests["00000"] != want {
		t.Errorf("digests %v", digests)
	}
	once := run(t, request(t), []string{"ein Bildbetrachter", "", "an image viewer"}) // the same batch: texts go by digest
	for row, i := range []int{2, 0, 2, 1, 0} {
		if !slices.Equal(vectors[row], once[i]) {
			t.Errorf("row %d, %q, has another vector than its text has without the others", row, texts[row])
		}
		for j := range once {
			if j != i && slices.Equal(vectors[row], once[j]) {
				t.Errorf("row %d, %q, has the vector of another text", row, texts[row])
			}
		}
	}
}

func TestVectorsDoNotDependOnTheOrderOfTheRows(t *testing.T) {
	var texts, reversed []string
	for i := 0; i < 40; i++ {
		texts = append(texts, strings.Repeat("library ", i%7)+fmt.Sprint("for format ", i))
	}
	for i := range texts {
		reversed = append(reversed, texts[len(texts)-1-i])
	}
	one, other := run(t, request(t), texts), run(t, request(t), reversed)
	for i := range one {
		if fmt.Sprint(one[i]) != fmt.Sprint(other[len(other)-1-i]) {
			t.Fatalf("text %d has other bits when the rows are reversed", i)
		}
	}
}

func TestBatchesKeepToTheBudgetAndHoldEveryTextOnce(t *testing.T) {
	in := newTexts()
	for i := 0; i < 500; i++ {
		in.texts = append(in.texts, text{digest: fmt.Sprintf("%03d", i*7%500), ids: make([]int32, 3+i*i%40)})
	}
	seen := map[int]bool{}
	for _, batch := range in.batches(in.byDigest(), 128) {
		tokens := 0
		for _, i := range batch {
			tokens += len(in.texts[i].ids)
			if seen[i] {
				t.Fatalf("text %d stands twice", i)
			}
			seen[i] = true
		}
		if tokens > 128 {
			t.Errorf("%d texts of %d tokens", len(batch), tokens)
		}
	}
	if len(seen) != 500 {
		t.Errorf("%d texts of 500", len(seen))
	}
}

func TestBadRequestsArePermanentFailures(t *testing.T) {
	path := input(t, []string{"a"})
	for _, c := range []struct {
		change func(*engine.EncodeRequest)
		kind   string
		says   string
	}{
		{func(r *engine.EncodeRequest) { r.Model = t.TempDir() }, schemas.MissingModel, "config.json"},
		{func(r *engine.EncodeRequest) { r.Column = "summary" }, schemas.InvalidInput, "summary"},
		{func(r *engine.EncodeRequest) { r.Prefix = "" }, schemas.InvalidInput, "default_prompt_name"},
		{func(r *engine.EncodeRequest) { r.MaxTokens, r.BatchTokens = 513, 1024 }, schemas.InvalidInput, "max_tokens: 513 is more than"},
		{func(r *engine.EncodeRequest) { r.MaxTokens = 2 }, schemas.InvalidInput, "max_tokens"},
		{func(r *engine.EncodeRequest) { r.BatchTokens = 1 << 40 }, schemas.InvalidInput, "batch_tokens"},
	} {
		r := request(t)
		r.Input, r.Column, r.Output = path, "text", filepath.Join(t.TempDir(), "out.arrow")
		c.change(&r)
		_, err := Run(context.Background(), r, func(schemas.Progress) {})
		var failure *fault.Error
		if !errors.As(err, &failure) || failure.Type != c.kind || !strings.Contains(failure.Message, c.says) {
			t.Errorf("%s: %v", c.says, err)
		}
	}
}

func TestCancellingEndsARun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := request(t)
	r.Input, r.Column, r.Output = input(t, []string{"a"}), "text", filepath.Join(t.TempDir(), "out.arrow")
	if _, err := Run(ctx, r, func(schemas.Progress) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(r.Output); err == nil {
		t.Error("a cancelled run left its output")
	}
}

func TestZeroAndNotFiniteVectorsAreRefused(t *testing.T) {
	zero := float32(0)
	for _, v := range [][]float32{{0, 0}, {1, 1 / zero}, {zero / zero, 1}} {
		if unit(v) {
			t.Errorf("%v was given unit length", v)
		}
	}
	v := []float32{3, 4}
	if !unit(v) || v[0] != 0.6 || v[1] != 0.8 {
		t.Errorf("%v", v)
	}
}
