package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"crosssum/internal/artifact/store"
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

func TestAProcessThatCouldNotMakeItsFolderTriesAgain(t *testing.T) {
	root := t.TempDir()
	s, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(root, "tmp")
	if err := os.Remove(tmp); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Draft(); err == nil {
		t.Fatal("a draft without a folder to make it in")
	}
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Draft(); err != nil {
		t.Errorf("the first failure lasts: %v", err)
	}
}
