package train

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/schemas"
)

// TestABadRowOfADataSetIsNamed in whatever lot it stands.
func TestABadRowOfADataSetIsNamed(t *testing.T) {
	good := `{"text": "a", "summary": "b"}` + "\n"
	for line, bad := range map[int]string{1: `{"text": "a"}`, 257: `{"text": 1, "summary": "b"}`, 600: "", 700: "not JSON", 8: `{"text": "", "summary": "b"}`,
		9: `{"text": "a\x", "summary": "b"}`, 10: "{\"text\": \"\xff\", \"summary\": \"b\"}", 11: `{"text": "a", "summary": null}`, 12: `{"text": "a", "summary": "b"} {}`,
		13: `{"text": "a", "summary": " \n"}`, 14: `{"text": "\u200b\ufeff", "summary": "b"}`, 15: "{\"text\": \"a\", \"summary\": \"\u00ad\u3164\"}"} {
		request := withFolders(t, toy(t))
		request.Dataset = folderOf(t, request)
		request.Samples = nil
		path := filepath.Join(request.Dataset, "german-english_train.jsonl")
		must(t, os.WriteFile(path, []byte(strings.Repeat(good, line-1)+bad+"\n"+strings.Repeat(good, 600)), 0o644))
		_, err := Run(t.Context(), request, nil)
		if kind(err) != schemas.InvalidInput || !strings.Contains(err.Error(), fmt.Sprintf("%s, line %d:", path, line)) ||
			!strings.Contains(err.Error(), "correct the line or remove it") {
			t.Errorf("line %d: %v", line, err)
		}
		if left, _ := filepath.Glob(filepath.Join(request.Work, "tokens", "*")); len(left) > 0 {
			t.Errorf("left %v", left)
		}
	}
}

// TestStringsAreFoundInALineAsAParserFindsThem in rows with a few random bytes changed. What no string is found in is left to the parser; of what
// the parser refuses, a flaw in a field that nobody reads may be passed over.
func TestStringsAreFoundInALineAsAParserFindsThem(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const bytes = "\"\"\\\\{},: \tntu/0aA\x01"
	found := 0
	for range 200_000 {
		line := []byte(`{"text": "a \"b\" c\\", "summary":"e\n\u00e9" , "text": "\\\\\"x"}`)
		for range r.IntN(4) {
			line[r.IntN(len(line))] = bytes[r.IntN(len(bytes))]
		}
		text, summary := stringsOf(line)
		if text == nil || summary == nil {
			continue
		}
		var want struct{ Text, Summary *string }
		if json.Unmarshal(line, &want) != nil {
			continue
		}
		gotText, err := newField(text).text()
		must(t, err)
		gotSummary, err := newField(summary).text()
		must(t, err)
		if gotText != *want.Text || gotSummary != *want.Summary {
			t.Fatalf("%q: %q, %q", line, gotText, gotSummary)
		}
		found++
	}
	if found < 20_000 {
		t.Errorf("only %d lines were compared", found)
	}
}
