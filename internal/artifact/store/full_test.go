package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"crosssum/internal/testkit/smalldisk"
)

// TestAFullDiskPublishesNothingHalfAndTheSameProcessGoesOnWhenThereIsRoom: at every amount of room, down to none.
func TestAFullDiskPublishesNothingHalfAndTheSameProcessGoesOnWhenThereIsRoom(t *testing.T) {
	contents := []string{strings.Repeat("a", 20_000), strings.Repeat("b", 20_000), "c"}
	want, _, err := publish(open(t, t.TempDir()), contents...)
	if err != nil {
		t.Fatal(err)
	}
	disk := smalldisk.New(t, "256k")
	full := 0
	for room := int64(0); room <= 160<<10; room += 4096 {
		root := filepath.Join(disk.Dir, "store")
		s := open(t, root)
		disk.Fill(room)
		unit, _, err := publish(s, contents...)
		_, missing := s.Lookup("embed", key)
		_, manifests := whole(t, s)
		if (err == nil) != (missing == nil) || (err == nil) != (manifests == 1) {
			t.Fatalf("room for %d: %v, %v, %d manifests", room, err, missing, manifests)
		}
		if err != nil {
			full++
			if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), root) {
				t.Errorf("room for %d: %v", room, err)
			}
			disk.Free()
			if unit, _, err = publish(s, contents...); err != nil {
				t.Fatalf("with room again: %v", err)
			}
		}
		if fmt.Sprint(unit) != fmt.Sprint(want) {
			t.Errorf("room for %d: published %v, wanted %v", room, unit, want)
		}
		whole(t, s)
		if left, _ := filepath.Glob(filepath.Join(root, "tmp/process-*/*")); len(left) > 0 {
			t.Errorf("room for %d: left behind %v", room, left)
		}
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
	}
	if full < 5 || full > 30 {
		t.Errorf("the disk was full in %d of 41 cases", full)
	}
}

func TestARefIsWholeOrAbsentOnAFullDisk(t *testing.T) {
	disk := smalldisk.New(t, "128k")
	s := open(t, filepath.Join(disk.Dir, "store"))
	for _, drafts := range []bool{false, true} { // before and after the process has its folder
		disk.Fill(0)
		if _, err := s.AddRef("catalogue/news", 1, digest(1)); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), disk.Dir) {
			t.Errorf("folder %v: %v", drafts, err)
		}
		if refs, err := s.Refs("catalogue/news"); err != nil || len(refs) != 0 {
			t.Errorf("folder %v: %v, %v", drafts, refs, err)
		}
		disk.Free()
		if d, err := s.Draft(); err != nil || d.Close() != nil {
			t.Fatal(err)
		}
	}
	if first, err := s.AddRef("catalogue/news", 1, digest(1)); err != nil || first != digest(1) {
		t.Errorf("with room again: %s, %v", first, err)
	}
}
