package filetools

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/encode"
	"crosssum/schemas"
)

const model = "../../../build/models/multilingual-e5-small"

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

func vectors(t *testing.T, path string) [][]float32 {
	t.Helper()
	var out [][]float32
	err := arrowfile.Pick(path, func(r *onlyVector) error {
		out = append(out, slices.Clone(r.Embedding))
		return nil
	}, "embedding")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEncodeGivesEveryLineTheVectorThatAnActivityWouldGet(t *testing.T) {
	dir := t.TempDir()
	input := filepath.Join(dir, "texts.arrow")
	if err := arrowfile.WriteRows(input, len(texts), func(i int) schemas.TextRow {
		return schemas.TextRow{Language: "english", ID: fmt.Sprint(i), Text: texts[i]}
	}); err != nil {
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
		if got, want := vectors(t, output), vectors(t, request.Output); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Error("other vectors than the activity's, or in another order")
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, atomicfile.Prefix+"*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestEncodePutsTheDirectorysDefaultPromptBeforeTextsUnlessToldOtherwise(t *testing.T) {
	dir := t.TempDir()
	encoded := func(flags ...string) string {
		output := filepath.Join(dir, "vectors.arrow")
		must(t, "an image viewer\n", append([]string{"encode", "--model", model, "--output", output}, flags...)...)
		return fmt.Sprint(vectors(t, output))
	}
	own, query, none := encoded(), encoded("--prefix", "query: "), encoded("--prefix", "")
	if own != query || own == none {
		t.Errorf("without --prefix the vector is that of the default prompt: %v; that of no prompt: %v", own == query, own == none)
	}
}

func TestCtrlCEndsEncodeWhileItWaitsForALineAndLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(program, "encode", "--model", model, "--output", filepath.Join(dir, "vectors.arrow"))
	waiting, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for { // it writes to a folder beside the output once it has begun
		if begun, _ := filepath.Glob(filepath.Join(dir, atomicfile.Prefix+"*", "*")); len(begun) > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case err = <-ended:
	case <-time.After(2 * time.Minute):
		cmd.Process.Kill()
		t.Fatal("two minutes later it still waits for a line")
	}
	if left, _ := os.ReadDir(dir); err == nil || len(left) > 0 {
		t.Errorf("ended with %v and left %v", err, left)
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
		{"a\n", []string{"tokenize", "--model", model, "--max-tokens", "513"}, "encoder.max_tokens: 513 is more than"},
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
		if name == "prove-memory" { // ./crosssum prove memory has its help
			continue
		}
		if out := must(t, "", name, "--help"); !strings.Contains(out, "Example: ") || !strings.Contains(out, "./crosssum "+name+" --") {
			t.Errorf("%s --help:\n%s", name, out)
		}
	}
}
