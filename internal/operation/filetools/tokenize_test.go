package filetools

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// readFixture reads the JSON of a fixture of internal/model.
func readFixture(t *testing.T, path string, into any) {
	t.Helper()
	file, err := os.Open(filepath.Join("../../model", path))
	check(t, err)
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	check(t, err)
	check(t, json.NewDecoder(unpacked).Decode(into))
}

// tokenizes compares what the tool says of texts with their ids.
func tokenizes(t *testing.T, dir string, texts []string, want func(i int) []int32) {
	t.Helper()
	out, complaint, err := tool(quoted(texts), "tokenize", "--json", "--model", dir)
	lines := strings.Split(out, "\n")
	if err != nil || len(lines) != len(texts)+1 {
		t.Errorf("%s: %d lines for %d texts, %v, %s", dir, len(lines)-1, len(texts), err, complaint)
		return
	}
	for i, text := range texts {
		var got []int32
		check(t, json.Unmarshal([]byte(lines[i]), &got))
		if !slices.Equal(got, want(i)) {
			t.Errorf("%s: %.60q is %v, wanted %v", dir, text, got, want(i))
		}
	}
}

func TestTokenizeReadsTheDirectoryOfASummarizer(t *testing.T) {
	var shipped struct {
		Texts []string
		IDs   [][]int32
	}
	readFixture(t, "t5/testdata/pieces.json.gz", &shipped)
	summarizer := "../../../models/crosssum-small"
	tokenizes(t, summarizer, shipped.Texts, func(i int) []int32 { return append(slices.Clone(shipped.IDs[i]), 1) })
	if out := must(t, "many words stand here\n\n", "tokenize", "--model", summarizer, "--max-tokens", "2"); !strings.HasSuffix(out, ", 1]\n[1]\n") || strings.Count(out, ",") != 1 {
		t.Errorf("cut to 2: %s", out)
	}

	var added struct {
		Models      map[string][]byte
		Texts       []string
		Directories map[string]struct {
			Model, Kind string
			Rows        int
			Files       map[string]json.RawMessage
			IDs         [][]int32
		}
	}
	readFixture(t, "tokenizer/testdata/beside.json.gz", &added)
	config, err := os.ReadFile("../../model/t5/testdata/tiny/config.json")
	check(t, err)
	var fields map[string]any
	check(t, json.Unmarshal(config, &fields))
	delete(fields, "task_specific_params")
	for name, d := range added.Directories {
		if d.Kind != "t5" {
			continue
		}
		dir := filepath.Join(t.TempDir(), name)
		check(t, os.Mkdir(dir, 0o755))
		check(t, os.WriteFile(filepath.Join(dir, d.Model), added.Models["t5"], 0o644))
		for file, content := range d.Files {
			check(t, os.WriteFile(filepath.Join(dir, file), content, 0o644))
		}
		fields["vocab_size"], fields["model_type"] = d.Rows, []string{"t5", "mt5"}[len(name)%2]
		raw, err := json.Marshal(fields)
		check(t, err)
		check(t, os.WriteFile(filepath.Join(dir, "config.json"), raw, 0o644))
		tokenizes(t, dir, added.Texts, func(i int) []int32 { return d.IDs[i] })
	}
}

func TestTokenizeReadsTheDirectoryOfEveryEncoder(t *testing.T) {
	dir := t.TempDir()
	file, err := os.Open("../../model/encode/testdata/encoders.tar.zst")
	check(t, err)
	defer file.Close()
	unpacked, err := zstd.NewReader(file)
	check(t, err)
	defer unpacked.Close()
	for archive := tar.NewReader(unpacked); ; {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		content, err := io.ReadAll(archive)
		path := filepath.Join(dir, entry.Name)
		check(t, errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)))
	}
	var want struct {
		Texts    []string
		Encoders map[string]struct{ Rows []struct{ IDs string } }
	}
	readFixture(t, "encode/testdata/encoders.json.gz", &want)
	if len(want.Encoders) < 7 {
		t.Fatalf("%d encoders", len(want.Encoders))
	}
	for name, encoder := range want.Encoders {
		tokenizes(t, filepath.Join(dir, name), want.Texts, func(i int) []int32 {
			raw, err := base64.StdEncoding.DecodeString(encoder.Rows[i].IDs)
			check(t, err)
			ids := make([]int32, len(raw)/4)
			check(t, binary.Read(bytes.NewReader(raw), binary.LittleEndian, ids))
			return ids
		})
	}
}

func TestADirectoryThatTokenizeCannotReadSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	summarizer := "../../../models/crosssum-small"
	for what, c := range map[string]struct {
		files []string // of the shipped summarizer
		more  map[string]string
		says  string
	}{
		"no config.json": {[]string{"spiece.model"}, nil, "a model is a Hugging Face directory with config.json"},
		"no vocabulary":  {[]string{"config.json"}, nil, "copy spiece.model from the model that was fine-tuned"},
		"nothing":        {nil, nil, "has neither modules.json nor config.json"},
		"a token without an id": {[]string{"config.json", "spiece.model"}, map[string]string{"special_tokens_map.json": `{"additional_special_tokens": ["<2en>"]}`},
			`names the special token "<2en>"`},
		"another kind": {nil, map[string]string{"config.json": `{"model_type": "bart"}`}, "bart"},
	} {
		folder := filepath.Join(dir, what)
		check(t, os.Mkdir(folder, 0o755))
		for _, name := range c.files {
			content, err := os.ReadFile(filepath.Join(summarizer, name))
			check(t, err)
			check(t, os.WriteFile(filepath.Join(folder, name), content, 0o644))
		}
		for name, content := range c.more {
			check(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644))
		}
		if _, complaint, err := tool("a\n", "tokenize", "--model", folder); err == nil || !strings.Contains(complaint, c.says) {
			t.Errorf("%s: %v, %s", what, err, complaint)
		}
	}
	if _, complaint, err := tool("a\n", "tokenize", "--model", summarizer, "--max-tokens", "-1"); err == nil || !strings.Contains(complaint, "--max-tokens: -1") {
		t.Errorf("%v, %s", err, complaint)
	}
}
