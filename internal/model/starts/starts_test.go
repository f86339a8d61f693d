package starts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNewLanguagesGetTheFreeSentinelsDownward(t *testing.T) {
	lookup := func(piece string) (int, bool) {
		ids := map[string]int{SentinelPiece(54): 240, SentinelPiece(53): 9, SentinelPiece(52): 10}
		id, ok := ids[piece]
		return id, ok
	}
	l := Tokens{"english": {240, "▁<extra_id_69>"}}
	added, err := l.Assign([]string{"german", "english", "danish"}, lookup)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(added, " ") != "danish german" || l["danish"].ID != 9 || l["german"].ID != 10 {
		t.Fatalf("added %v: %v", added, l)
	}
	if _, err := l.Assign([]string{"welsh"}, lookup); err == nil || !strings.Contains(err.Error(), "welsh") {
		t.Fatalf("without a free sentinel: %v", err)
	}
}

func TestAModelsMapIsReadOutOfItsConfiguration(t *testing.T) {
	tokens, err := Read("../../../models/crosssum-small/config.json")
	if err != nil || len(tokens) < 45 || tokens["russian"].Piece != SentinelPiece(63) {
		t.Errorf("%v, %v", tokens, err)
	}
	path := filepath.Join(t.TempDir(), "config.json")
	for config, want := range map[string]string{
		`{}`: "", `{"task_specific_params": null}`: "", `{"task_specific_params": {"langid_map": null}}`: "",
		`{"task_specific_params": {"langid_map": {"english": 5}}}`:      "langid_map: 5 is not [id, piece]",
		`{"task_specific_params": {"summarization": {}}}`:               `task_specific_params."summarization" is not supported`,
		`{"task_specific_params": {"langid_map": {"english": [5, "x"]}`: "unexpected end",
	} {
		if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		tokens, err := Read(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || len(tokens) > 0 {
			t.Errorf("%s: %v, %v", config, tokens, err)
		}
	}
}
