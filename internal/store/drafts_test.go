package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"crosssum/internal/store"
)

func TestDraftsOfADeadProcessAreSweptAndThoseOfALivingOneStay(t *testing.T) {
	root := t.TempDir()
	living, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := living.Draft()
	if err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(root, "tmp", "process-123", "draft-1") // a folder whose lock nobody holds
	if err := os.MkdirAll(dead, 0o755); err != nil {
		t.Fatal(err)
	}
	model := filepath.Join(root, "tmp", "model-abc") // not a draft
	if err := os.Mkdir(model, 0o755); err != nil {
		t.Fatal(err)
	}
	next, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := next.Draft(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("the draft of a dead process is still there: %v", err)
	}
	for _, dir := range []string{mine.Dir, model} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("swept though it is in use: %v", err)
		}
	}
}
