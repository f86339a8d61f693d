package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"crosssum/internal/artifact/store"
	"crosssum/internal/fault/crash"
	"crosssum/internal/testkit"
	"crosssum/schemas"
)

// The test binary publishes one unit and is killed at a point when these are set: a real process, really killed.
const publishInto = "CROSSSUM_TEST_PUBLISH"

func TestMain(m *testing.M) {
	if root := os.Getenv(publishInto); root != "" {
		s, err := store.Open(root)
		if err != nil {
			panic(err)
		}
		s.Crash = crash.FromEnvironment()
		if _, _, err := publish(s, "a", "b", "c"); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

var key = store.Key("embed", 1, map[string]any{"articles": "x"})

// publish publishes one unit with a file per content.
func publish(s *store.Store, contents ...string) (schemas.Unit, bool, error) {
	d, err := s.Draft()
	if err != nil {
		return schemas.Unit{}, false, err
	}
	defer d.Close()
	for i, content := range contents {
		if err := os.WriteFile(filepath.Join(d.Dir, fmt.Sprintf("%d.txt", i)), []byte(content), 0o644); err != nil {
			return schemas.Unit{}, false, err
		}
	}
	return d.Publish("embed", key, "english", map[string]int64{"rows": int64(len(contents))})
}

func open(t *testing.T, root string) *store.Store {
	t.Helper()
	s, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// whole checks that every object has its digest's bytes and every manifest's files are there.
func whole(t *testing.T, s *store.Store) (objects, manifests int) {
	t.Helper()
	filepath.WalkDir(filepath.Join(s.Root(), "objects"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			objects++
			if err := testkit.Verify(s, schemas.File{Digest: filepath.Base(path)}); err != nil {
				t.Error(err)
			}
		}
		return err
	})
	paths, _ := filepath.Glob(filepath.Join(s.Root(), "stages/*/*.json"))
	for _, path := range paths {
		manifests++
		unit, err := s.Lookup(filepath.Base(filepath.Dir(path)), strings.TrimSuffix(filepath.Base(path), ".json"))
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for name, f := range unit.Files {
			if err := testkit.Verify(s, f); err != nil {
				t.Errorf("%s: %s: %v", path, name, err)
			}
		}
	}
	return objects, manifests
}

func TestAKilledAttemptLeavesNothingHalfPublished(t *testing.T) {
	fresh := open(t, t.TempDir())
	want, _, err := publish(fresh, "a", "b", "c")
	if err != nil {
		t.Fatal(err)
	}
	for _, point := range []string{"before-object:1", "before-object:3", "after-object:1", "after-object:3", "before-manifest:1", "after-manifest:1"} {
		s := open(t, t.TempDir())
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), publishInto+"="+s.Root(), crash.Variable+"="+point)
		err := child.Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("%s: the child was not killed: %v", point, err)
		}
		_, manifests := whole(t, s)
		_, err = s.Lookup("embed", key)
		if published := err == nil; published != (point == "after-manifest:1") || (manifests == 1) != published {
			t.Errorf("%s: published %v, %d manifests", point, published, manifests)
		}
		again, other, err := publish(s, "a", "b", "c")
		if err != nil || other || fmt.Sprint(again) != fmt.Sprint(want) {
			t.Errorf("%s: the next attempt gave %v, %v, %v; wanted %v", point, again, other, err, want)
		}
		if objects, manifests := whole(t, s); objects != 3 || manifests != 1 {
			t.Errorf("%s: %d objects and %d manifests after the next attempt", point, objects, manifests)
		}
	}
}

func TestTheFirstPublicationStaysAndTheSecondIsReported(t *testing.T) {
	s := open(t, t.TempDir())
	first, other, err := publish(s, "one")
	if err != nil || other {
		t.Fatal(other, err)
	}
	if again, other, err := publish(s, "one"); err != nil || other || fmt.Sprint(again) != fmt.Sprint(first) {
		t.Errorf("equal bytes: %v, %v, %v", again, other, err)
	}
	if second, other, err := publish(s, "two"); err != nil || !other || fmt.Sprint(second) != fmt.Sprint(first) {
		t.Errorf("other bytes: %v, %v, %v", second, other, err)
	}
	if found, err := s.Lookup("embed", key); err != nil || fmt.Sprint(found) != fmt.Sprint(first) {
		t.Errorf("looked up %v, %v", found, err)
	}
}

func TestOfManyPublishersOneIsFirst(t *testing.T) {
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	others := make([]bool, 16)
	for i := range others {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, other, err := publish(s, fmt.Sprint("bytes of ", i))
			if err != nil {
				t.Error(err)
			}
			others[i] = other
		}()
	}
	wg.Wait()
	firsts := 0
	for _, other := range others {
		if !other {
			firsts++
		}
	}
	if _, manifests := whole(t, s); firsts != 1 || manifests != 1 {
		t.Errorf("%d were first, %d manifests", firsts, manifests)
	}
}

func TestAKeyIsTheSameForEqualMaterialAndAnotherForAnyChange(t *testing.T) {
	type material struct {
		Model  string            `json:"model"`
		Counts map[string]int    `json:"counts"`
		Files  map[string]string `json:"files"`
	}
	base := material{"m", map[string]int{"a": 1, "b": 2}, map[string]string{"x": "1", "y": "2"}}
	same := material{"m", map[string]int{"b": 2, "a": 1}, map[string]string{"y": "2", "x": "1"}}
	changed := material{"m", map[string]int{"a": 1, "b": 3}, map[string]string{"x": "1", "y": "2"}}
	k := store.Key("embed", 1, base)
	if store.Key("embed", 1, same) != k {
		t.Error("equal material gave another key")
	}
	for what, other := range map[string]string{"material": store.Key("embed", 1, changed), "version": store.Key("embed", 2, base),
		"stage": store.Key("link", 1, base)} {
		if other == k {
			t.Errorf("another %s gave the same key", what)
		}
	}
	const pinned = "bb462ab23dea2431"
	if !strings.HasPrefix(store.Key("embed", 1, "pinned"), pinned) {
		t.Errorf("keys of old stores are no longer found: %s", store.Key("embed", 1, "pinned"))
	}
}

func TestChangedObjectsAndForeignNamesAreErrors(t *testing.T) {
	s := open(t, t.TempDir())
	file, err := s.PutJSON(map[string]int{"n": 1})
	if err != nil {
		t.Fatal(err)
	}
	path, _ := s.Path(file.Digest)
	os.Chmod(path, 0o644)
	os.WriteFile(path, []byte(`{"n":2}`), 0o644)
	var v map[string]int
	if err := s.GetJSON(file.Digest, &v); err == nil || !strings.Contains(err.Error(), file.Digest) {
		t.Errorf("a changed object was read: %v, %v", v, err)
	}
	if err := testkit.Verify(s, file); err == nil {
		t.Error("a changed object was verified")
	}
	for _, digest := range []string{"", "../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("a", 63)} {
		if _, err := s.Path(digest); err == nil {
			t.Errorf("%q passed for a digest", digest)
		}
	}
	d, _ := s.Draft()
	defer d.Close()
	if _, _, err := d.Publish("../up", key, "x", nil); err == nil {
		t.Error("a stage's name left the store")
	}
	if _, err := s.Lookup("embed", store.Key("embed", 9, nil)); !errors.Is(err, store.ErrAbsent) {
		t.Errorf("absent: %v", err)
	}
}

func TestAttemptsShareAWorkFolderUntilTheUnitIsPublished(t *testing.T) {
	s := open(t, t.TempDir())
	dir, err := s.WorkDir("train", key)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "checkpoint-10"), []byte("x"), 0o644)
	again, err := s.WorkDir("train", key)
	if _, missing := os.Stat(filepath.Join(again, "checkpoint-10")); err != nil || missing != nil {
		t.Errorf("the second attempt does not find the checkpoint: %v, %v", err, missing)
	}
	if err := s.Forget("train", key); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}
