package digest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ask gives the digest of a file, and whether it was read: more than one piece of it was heard of.
func ask(t *testing.T, path string) (digest string, read bool) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pieces, heard := 0, int64(0)
	digest, bytes, err := Of(f, func(n int64) error {
		pieces, heard = pieces+1, heard+n
		return nil
	})
	if info, _ := f.Stat(); err != nil || bytes != info.Size() || heard != bytes {
		t.Fatalf("%d bytes, heard of %d: %v", bytes, heard, err)
	}
	return digest, pieces > 1
}

// write makes a file of several pieces, later than what was there by the clock of files, with a time of its own choice.
func write(t *testing.T, path, content string, at time.Time) {
	t.Helper()
	for before := changed(path); ; time.Sleep(time.Millisecond) {
		if err := errors.Join(os.WriteFile(path, []byte(strings.Repeat(content, 100_000)), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
		if changed(path) != before {
			return
		}
	}
}

func changed(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	s, _, _ := stateOf(f)
	return fmt.Sprint(s.moved)
}

func TestAFileIsReadAgainOnlyWhenItHasChangedWhateverItsTimeSays(t *testing.T) {
	defer func(d time.Duration) { settled = d }(settled)
	settled = 0
	path, then := filepath.Join(t.TempDir(), "a"), time.Unix(1_600_000_000, 0)
	write(t, path, "one", then)
	one, read := ask(t, path)
	if !read {
		t.Fatal("the first time it was not read")
	}
	if again, read := ask(t, path); read || again != one {
		t.Errorf("unchanged: read %v, %s and %s", read, one, again)
	}
	write(t, path, "two", then) // the same size, time and inode
	two, read := ask(t, path)
	if !read || two == one {
		t.Errorf("changed: read %v, %s and %s", read, one, two)
	}
	other := path + ".other"
	write(t, other, "six", then)
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if six, read := ask(t, path); !read || six == two {
		t.Errorf("replaced: read %v, %s and %s", read, two, six)
	}
}

func TestAFileThatHasJustChangedIsReadAgain(t *testing.T) {
	defer func(d time.Duration) { settled = d }(settled)
	settled = time.Hour
	path := filepath.Join(t.TempDir(), "a")
	write(t, path, "one", time.Unix(0, 0))
	for range 2 {
		if _, read := ask(t, path); !read {
			t.Error("a change within the clock's grain would not be seen")
		}
	}
}

func TestNoMoreThanSoManyFilesAreRemembered(t *testing.T) {
	defer func(d time.Duration, n int) { settled, maxKnown = d, n }(settled, maxKnown)
	settled, maxKnown = 0, 5
	dir := t.TempDir()
	for i := range 20 {
		path := filepath.Join(dir, fmt.Sprint(i))
		write(t, path, "one", time.Unix(0, 0))
		ask(t, path)
		if _, read := ask(t, path); read {
			t.Error("the newest was forgotten")
		}
		if len(known.of) > 5 {
			t.Fatalf("%d are remembered", len(known.of))
		}
	}
}

func TestAFolderHasNoDigestAndAReadingCanBeEnded(t *testing.T) {
	f, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, _, err := Of(f, func(int64) error { return nil }); !errors.Is(err, os.ErrInvalid) {
		t.Error(err)
	}
	path, stop := filepath.Join(t.TempDir(), "a"), errors.New("stop")
	write(t, path, "one", time.Unix(0, 0))
	if f, err = os.Open(path); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, _, err := Of(f, func(int64) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}
