package bounded

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAFileOfOneByteTooManyIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("12345"), 0o644); err != nil {
		t.Fatal(err)
	}
	if b, err := Read(path, 5); err != nil || string(b) != "12345" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := Read(path, 4); err == nil {
		t.Error("five bytes are taken where four are the most")
	}
}
