package encode

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"crosssum/internal/engine"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// BenchmarkRealSummaries encodes the first summaries of four languages of the shipped sample with the demo's parameters.
// Portable figures need ATEN_CPU_CAPABILITY=avx2 OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=2 OMP_NUM_THREADS=2
// OMP_WAIT_POLICY=passive.
func BenchmarkRealSummaries(b *testing.B) {
	torch.SetThreads(2)
	var texts []string
	for _, language := range []string{"english", "german", "russian", "japanese"} {
		texts = append(texts, summaries(b, language, 200)...)
	}
	r := engine.EncodeRequest{Model: filepath.Join("..", "..", "..", "build", "models", "multilingual-e5-small"), Prefix: "query: ",
		MaxTokens: 128, BatchTokens: 512, Column: "text"}
	if _, err := open(&r, func(schemas.Progress) {}); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	before := cpuSeconds(b)
	var result engine.EncodeResult
	for b.Loop() {
		r.Input, r.Output = input(b, texts), filepath.Join(b.TempDir(), "out.arrow")
		var err error
		if result, err = Run(context.Background(), r, func(schemas.Progress) {}); err != nil {
			b.Fatal(err)
		}
	}
	cpu := (cpuSeconds(b) - before) / float64(b.N)
	seconds := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(float64(len(texts))/seconds, "texts/s")
	b.ReportMetric(float64(result.Tokens)/seconds, "tokens/s")
	b.ReportMetric(float64(result.Tokens)/cpu, "tokens/cpu-s") // what a busy machine does not spoil
}

// cpuSeconds is the processor time of this process so far.
func cpuSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// summaries reads the first n summaries of a language of the shipped sample.
func summaries(b *testing.B, language string, n int) []string {
	b.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "corpus", "sample", language+".jsonl.zst"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	z, err := zstd.NewReader(file)
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	var out []string
	for lines := bufio.NewReader(z); len(out) < n; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var row struct {
			Summary string `json:"summary"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			b.Fatal(err)
		}
		out = append(out, row.Summary)
	}
	return out
}
