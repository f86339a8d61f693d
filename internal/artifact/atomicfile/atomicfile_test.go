package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// holds compares the names in a folder, and the bytes of the file that stands at path.
func holds(t *testing.T, path, want string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if b, _ := os.ReadFile(path); err != nil || string(b) != want || !slices.Equal(got, names) {
		t.Errorf("%s holds %q, and stands beside %q; wanted %q and %q", path, b, got, want, names)
	}
}

func TestAFileThatIsNotFinishedLeavesTheOldOneAndNothingBesideIt(t *testing.T) {
	path, broken := filepath.Join(t.TempDir(), "file"), errors.New("broken")
	if err := Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	err := Make(path, func(aside string) error { return errors.Join(os.WriteFile(aside, []byte("half"), 0o644), broken) })
	if !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	holds(t, path, "old", "file")
	if err := Write(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new", "file")
}

func TestAFolderTakesNoOthersPlaceUnlessItIsToReplaceIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder")
	write := func(text string) func(string) error {
		return func(aside string) error { return os.WriteFile(filepath.Join(aside, "file"), []byte(text), 0o644) }
	}
	if err := Folder(path, write("first")); err != nil {
		t.Fatal(err)
	}
	if err := Folder(path, write("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the error is %v", err)
	}
	holds(t, filepath.Join(path, "file"), "first", "file")
	aside := path + ".aside"
	if err := errors.Join(os.Mkdir(aside, 0o755), write("third")(aside), Replace(aside, path)); err != nil {
		t.Fatal(err)
	}
	holds(t, filepath.Join(path, "file"), "third", "file")
	if err := Replace(aside, path); err == nil {
		t.Error("nothing has replaced the folder, and no error says so")
	}
	holds(t, filepath.Join(path, "file"), "third", "file")
	holds(t, path, "", "folder")
}

func TestAllOfAFolderIsOnTheDiskBeforeItHasItsName(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	var synced []string
	defer func(was func(string) error) { Sync = was }(Sync)
	Sync = func(what string) error {
		_, err := os.Stat(path)
		if rel, _ := filepath.Rel(dir, what); (err == nil) != (rel == ".") {
			t.Errorf("%s goes to the disk when the folder has its name: %v", rel, err == nil)
		}
		synced = append(synced, filepath.Base(what))
		return nil
	}
	err := Folder(path, func(aside string) error {
		return errors.Join(os.Mkdir(filepath.Join(aside, "part"), 0o755), os.WriteFile(filepath.Join(aside, "part", "file"), nil, 0o644))
	})
	if want := []string{"folder", "part", "file", filepath.Base(dir)}; err != nil || !slices.Equal(synced, want) {
		t.Errorf("%v: brought to the disk were %q, wanted %q", err, synced, want)
	}
}

func TestWhatAKilledProcessWasWritingIsSweptAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := Write(path, []byte("whole")); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(filepath.Dir(path), Prefix+"1", "file")
	if err := errors.Join(os.Mkdir(filepath.Dir(left), 0o700), os.WriteFile(left, []byte("half"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := Sweep(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "whole", "file")
}
