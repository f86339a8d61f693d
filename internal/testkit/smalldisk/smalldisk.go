// Package smalldisk lets tests run into a full disk: a real one, of a few hundred kilobytes.
package smalldisk

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Disk is a file system of its own.
type Disk struct {
	Dir string
	t   testing.TB
}

// New mounts a file system of so many bytes. Only root may: for others the test is skipped, and says so.
func New(t testing.TB, bytes string) *Disk {
	t.Helper()
	d := &Disk{t.TempDir(), t}
	if err := syscall.Mount("tmpfs", d.Dir, "tmpfs", 0, "size="+bytes); err != nil {
		t.Skipf("NOT TESTED: what a full disk does. It takes root (CAP_SYS_ADMIN) to mount a small file system: %v. Run this test as root.", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.Dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return d
}

// Fill takes all the room but so many bytes of it, rounded down to pages. Filling again takes another amount.
func (d *Disk) Fill(room int64) {
	d.t.Helper()
	path := filepath.Join(d.Dir, "filler")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		d.t.Fatal(err)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(d.Dir, &fs); err != nil {
		d.t.Fatal(err)
	}
	if n := int64(fs.Bavail) - room/fs.Bsize; n > 0 {
		if err := os.WriteFile(path, make([]byte, n*fs.Bsize), 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}

// Free gives back what Fill took.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(filepath.Join(d.Dir, "filler")); err != nil {
		d.t.Fatal(err)
	}
}
