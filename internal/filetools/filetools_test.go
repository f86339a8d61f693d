package filetools

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"crosssum/internal/arrowfile"
	"crosssum/internal/encode"
	"crosssum/internal/engine"
	"crosssum/schemas"

	"github.com/apache/arrow/go/v17/arrow"
)

const model = "../../build/models/multilingual-e5-small"

// program is the engine, built once.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "filetools-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "engine")
	if out, err := exec.Command("go", "build", "-o", program, "crosssum/worker/engine").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// tool runs a subcommand.
func tool(input string, args ...string) (stdout, stderr string, err error) {
	cmd := exec.Command(program, args...)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &complaint
	cmd.Env = append(os.Environ(), "OMP_WAIT_POLICY=passive")
	err = cmd.Run()
	return out.String(), complaint.String(), err
}

func must(t *testing.T, input string, args ...string) string {
	t.Helper()
	out, complaint, err := tool(input, args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, complaint)
	}
	return out
}

var texts = []string{"an image viewer", "", "ein Bildbetrachter", "просмотр изображений", "an image viewer", "two\nlines", " 画像ビューア \U0001F468\u200d\U0001F467"}

// quoted has a JSON string a line.
func quoted(texts []string) string {
	var b strings.Builder
	for _, text := range texts {
		line, _ := json.Marshal(text)
		fmt.Fprintf(&b, "%s\n", line)
	}
	return b.String()
}

func vectors(t *testing.T, path string, field int) [][]float32 {
	t.Helper()
	var out [][]float32
	err := arrowfile.Each(path, nil, func(r arrowfile.Row) error {
		out = append(out, slices.Clone(r.Vector(field)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEncodeGivesEveryLineTheVectorThatAnActivityWouldGet(t *testing.T) {
	dir := t.TempDir()
	input := filepath.Join(dir, "texts.arrow")
	w, err := arrowfile.Create(input, schemas.Text, false)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		if err := w.Append("english", fmt.Sprint(i), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	request := engine.EncodeRequest{Model: model, Prefix: "query: ", MaxTokens: 64, BatchTokens: 1024, Input: input, Column: "text",
		Output: filepath.Join(dir, "activity.arrow")}
	if _, err := encode.Run(context.Background(), request, func(schemas.Progress) {}); err != nil {
		t.Fatal(err)
	}
	lines := filepath.Join(dir, "texts.jsonl")
	if err := os.WriteFile(lines, []byte(quoted(texts)), 0o600); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(dir, "tool.arrow")
	for _, input := range [][2]string{{"", lines}, {quoted(texts), ""}} { // the second time, the output is there already
		args := []string{"encode", "--model", model, "--prefix", "query: ", "--max-tokens", "64", "--json", "--output", output}
		if input[1] != "" {
			args = append(args, "--input", input[1])
		}
		must(t, input[0], args...)
		schema, err := arrowfile.Schema(output)
		if err != nil || schema.NumFields() != 1 || schema.Field(0).Name != "embedding" ||
			schema.Field(0).Type.String() != "fixed_size_list<item: float32>[384]" {
			t.Errorf("schema %v, %v", schema, err)
		}
		if got, want := vectors(t, output, 0), vectors(t, request.Output, 3); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Error("other vectors than the activity's, or in another order")
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".crosssum-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTokenizeGivesAnArrayALineAndKeepsEmptyLines(t *testing.T) {
	ids := func(out string) (all [][]int32) {
		for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
			var list []int32
			if err := json.Unmarshal([]byte(line), &list); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			all = append(all, list)
		}
		return all
	}
	// transformers: AutoTokenizer.from_pretrained(DIR)(["an image viewer", "", "ein Bildbetrachter"])
	want := "[[0 142 29569 21455 56 2] [0 2] [0 599 17189 372 1517 33605 2]]"
	for _, text := range []string{"an image viewer\n\nein Bildbetrachter", "an image viewer\n\nein Bildbetrachter\n"} {
		if got := fmt.Sprint(ids(must(t, text, "tokenize", "--model", model))); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
	if got := fmt.Sprint(ids(must(t, quoted([]string{"an image viewer", "an\nimage"}), "tokenize", "--model", model, "--json", "--max-tokens", "4"))); got !=
		"[[0 142 29569 2] [0 142 29569 2]]" {
		t.Errorf("JSON, cut to 4: %s", got)
	}
	if out := must(t, "", "tokenize", "--model", model); out != "" {
		t.Errorf("no lines give %q", out)
	}
}

func TestABadLineOrArgumentIsNamedAndLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	output := filepath.Join(dir, "out.arrow")
	for _, c := range []struct {
		input string
		args  []string
		says  string
	}{
		{"ok\nb\xffd\n", []string{"encode", "--model", model, "--output", output}, "line 2 (row 1) is not UTF-8"},
		{"\"ok\"\n\nnope\n", []string{"encode", "--model", model, "--output", output, "--json"}, "line 2 (row 1) is not JSON"},
		{"\"ok\"\n[1]\n", []string{"tokenize", "--model", model, "--json"}, "line 2 (row 1) is JSON, but no string"},
		{"\"\\ud800\"\n", []string{"tokenize", "--model", model, "--json"}, "line 1 (row 0) holds half of a surrogate pair"},
		{"a\n", []string{"tokenize", "--model", model, "--max-tokens", "513"}, "max_tokens is 513"},
		{"a\n", []string{"tokenize", "--model", filepath.Join(dir, "nowhere")}, "nowhere"},
		{"a\n", []string{"encode", "--model", model}, "--output is missing"},
		{"a\n", []string{"encode", "--model", model, "--output", filepath.Join(dir, "no", "folder")}, "no such file"},
		{"a\n", []string{"tokenize", "--modle", model}, "--help"},
		{"a\n", []string{"tokenize", "--model", model, "more"}, `unexpected argument "more"`},
		{"", []string{"encode", "--model", model, "--output", output, "--input", filepath.Join(dir, "missing.txt")}, "missing.txt"},
	} {
		_, complaint, err := tool(c.input, c.args...)
		if err == nil || !strings.Contains(complaint, c.says) {
			t.Errorf("%v: %v, %s", c.args, err, complaint)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestHelpHasAnExampleOfEveryTool(t *testing.T) {
	for name := range Commands {
		if out := must(t, "", name, "--help"); !strings.Contains(out, "Example: ") || !strings.Contains(out, "./crosssum "+name+" --") {
			t.Errorf("%s --help:\n%s", name, out)
		}
	}
}

// cone makes n vectors of width d that point roughly one way; some are of other lengths, and some stand twice.
func cone(random *rand.Rand, n, d int) [][]float32 {
	out := make([][]float32, n)
	for i := range out {
		if i%7 == 6 {
			out[i] = out[random.IntN(i)]
			continue
		}
		length := 1 + float64(i%3)
		sum, v := 0.0, make([]float64, d)
		for j := range v {
			v[j] = 1 + random.NormFloat64()
			sum += v[j] * v[j]
		}
		for _, x := range v {
			out[i] = append(out[i], float32(length*x/math.Sqrt(sum)))
		}
	}
	return out
}

// file writes vectors under a schema whose last field is the vector.
func file(t *testing.T, schema *arrow.Schema, rows [][]float32) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vectors.arrow")
	w, err := arrowfile.Create(path, schema, false)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range rows {
		values := []any{"x", fmt.Sprint(i), "", v}
		if err := w.Append(values[len(values)-schema.NumFields():]...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func onlyVectors(d int) *arrow.Schema { return arrow.NewSchema(schemas.Embedding(d).Fields()[3:], nil) }

// expected are the pairs by definition.
func expected(a, b [][]float32, rule string, threshold float64, k int) (pairs []string) {
	cosine := func(x, y []float32) float64 {
		xy, xx, yy := 0.0, 0.0, 0.0
		for i := range x {
			xy, xx, yy = xy+float64(x[i])*float64(y[i]), xx+float64(x[i])*float64(x[i]), yy+float64(y[i])*float64(y[i])
		}
		return math.Round(1e6*xy/math.Sqrt(xx*yy)) / 1e6 // equal vectors of other lengths tie
	}
	mean := func(v []float32, others [][]float32) float64 {
		var scores []float64
		for _, o := range others {
			scores = append(scores, cosine(v, o))
		}
		sort.Float64s(scores)
		sum, n := 0.0, min(k, len(scores))
		for _, s := range scores[len(scores)-n:] {
			sum += s / float64(n)
		}
		return sum
	}
	meanA, meanB := make([]float64, len(a)), make([]float64, len(b))
	for i := range a {
		meanA[i] = mean(a[i], b)
	}
	for j := range b {
		meanB[j] = mean(b[j], a)
	}
	value := func(i, j int) float64 {
		c := cosine(a[i], b[j])
		if rule == "margin" {
			return c / ((meanA[i] + meanB[j]) / 2)
		}
		return c
	}
	best := func(n int, f func(int) float64) int {
		at := 0
		for i := range n {
			if f(i) > f(at)+1e-9 {
				at = i
			}
		}
		return at
	}
	for i := range a {
		for j := range b {
			forward := best(len(b), func(x int) float64 { return value(i, x) }) == j
			backward := best(len(a), func(x int) float64 { return value(x, j) }) == i
			if (forward && backward || rule == "seed" && (forward || backward)) && value(i, j) >= threshold {
				pairs = append(pairs, fmt.Sprintf("%d\t%d\t%.4f", i, j, cosine(a[i], b[j])))
			}
		}
	}
	return pairs
}

func TestAlignFindsWhatItsRuleDefines(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 14))
	a, b := cone(random, 120, 24), cone(random, 90, 24)
	for i := range 40 { // translations
		b[2*i] = slices.Clone(a[3*i])
		b[2*i][random.IntN(24)] *= 1.5
	}
	for _, c := range []struct {
		rule      string
		threshold float64
	}{{"mutual", 0.9}, {"seed", 0.85}, {"margin", 1.1}, {"mutual", 2}} {
		want := expected(a, b, c.rule, c.threshold, 4)
		if c.threshold < 2 && len(want) < 20 {
			t.Fatalf("%s: only %d pairs to find", c.rule, len(want))
		}
		for _, schema := range []*arrow.Schema{onlyVectors(24), schemas.Embedding(24)} {
			out := must(t, "", "align", "--source", file(t, schema, a), "--target", file(t, onlyVectors(24), b), "--rule", c.rule,
				"--threshold", fmt.Sprint(c.threshold))
			rows := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
			var got []string
			for _, row := range rows[1:] {
				var i, j int
				var score float64
				if _, err := fmt.Sscanf(row, "%d\t%d\t%g", &i, &j, &score); err != nil {
					t.Fatalf("%q: %v", row, err)
				}
				got = append(got, fmt.Sprintf("%d\t%d\t%.4f", i, j, score))
			}
			if rows[0] != "source_row\ttarget_row\tscore" || !slices.Equal(got, want) {
				t.Errorf("%s at %v:\n got %v\nwant %v", c.rule, c.threshold, got, want)
			}
		}
	}
}

func TestAlignOfNothingIsAHeader(t *testing.T) {
	none, one := file(t, onlyVectors(2), nil), file(t, onlyVectors(2), [][]float32{{3, 4}})
	if out := must(t, "", "align", "--source", none, "--target", one, "--rule", "margin", "--threshold", "1"); out != "source_row\ttarget_row\tscore\n" {
		t.Errorf("%q", out)
	}
	path := filepath.Join(t.TempDir(), "pairs.tsv")
	must(t, "", "align", "--source", one, "--target", one, "--rule", "mutual", "--threshold", "1", "--output", path)
	if b, err := os.ReadFile(path); string(b) != "source_row\ttarget_row\tscore\n0\t0\t1\n" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestAlignNamesTheFileAndRowOfBadInput(t *testing.T) {
	good := file(t, onlyVectors(2), [][]float32{{1, 0}, {0, 1}})
	foreign := filepath.Join(t.TempDir(), "foreign.arrow")
	if err := os.WriteFile(foreign, []byte("not Arrow at all, but long enough to be read"), 0o600); err != nil {
		t.Fatal(err)
	}
	truncated := filepath.Join(t.TempDir(), "truncated.arrow")
	whole, err := os.ReadFile(good)
	if err != nil || os.WriteFile(truncated, whole[:len(whole)-20], 0o600) != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		target, rule, threshold, says string
	}{
		{file(t, onlyVectors(2), [][]float32{{1, 0}, {nan, 0}}), "mutual", "0.5", "row 1: the vector holds NaN"},
		{file(t, onlyVectors(3), [][]float32{{0, 0, 1}}), "mutual", "0.5", "encode both with one model"},
		{file(t, schemas.Text, nil), "mutual", "0.5", `0 columns "embedding"`},
		{foreign, "mutual", "0.5", "foreign.arrow"},
		{truncated, "mutual", "0.5", "truncated.arrow"},
		{good, "nearest", "0.5", "nearest"},
		{good, "mutual", "NaN", "threshold"},
	} {
		out, complaint, err := tool("", "align", "--source", good, "--target", c.target, "--rule", c.rule, "--threshold", c.threshold)
		if err == nil || !strings.Contains(complaint, c.says) || out != "" {
			t.Errorf("%s: %v, %q, %s", c.says, err, out, complaint)
		}
	}
}
