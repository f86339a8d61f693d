// Package atomicfile makes files and folders that are complete or absent, whatever ends the process or the machine: they are
// written aside in the folder that they are for, brought to the disk, and renamed.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Prefix begins the name of what is written aside. Lists of crawls and runs pass over names that begin with a dot.
const Prefix = ".writing-"

// Make lets fill make a file or a folder at the path that it is given, and gives it the name path. A file that stands there is
// replaced; a folder that holds something is not: that is an error.
func Make(path string, fill func(aside string) error) error {
	dir, err := os.MkdirTemp(filepath.Dir(path), Prefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	aside := filepath.Join(dir, filepath.Base(path))
	if err := fill(aside); err != nil {
		return err
	}
	return Move(aside, path)
}

// Folder is Make of a folder that is there, empty, when fill is called.
func Folder(path string, fill func(aside string) error) error {
	return Make(path, func(aside string) error {
		if err := os.Mkdir(aside, 0o755); err != nil {
			return err
		}
		return fill(aside)
	})
}

// Write makes a file of b.
func Write(path string, b []byte) error {
	return Make(path, func(aside string) error { return os.WriteFile(aside, b, 0o644) })
}

// Move gives what lies at from, on the same file system, the name to, as Make does.
func Move(from, to string) error {
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path != from && linked(e) {
			return err
		}
		return Sync(path)
	})
	if err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return Sync(filepath.Dir(to))
}

// linked tells the files of a folder that have other names: whoever wrote them has brought them to the disk, and a data set's
// folder holds thousands of them.
func linked(e fs.DirEntry) bool {
	info, err := e.Info()
	if err != nil || e.IsDir() {
		return false
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	return ok && sys.Nlink > 1
}

// Replace is Move of a folder to where one may stand. That one is moved away first, put back if the other does not come, and then
// removed.
func Replace(from, to string) error {
	old := from + ".old"
	if err := os.Rename(to, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := Move(from, to); err != nil {
		return errors.Join(err, os.Rename(old, to))
	}
	return os.RemoveAll(old)
}

// Sweep removes what killed processes were writing into a folder. No other may be writing there.
func Sweep(folder string) error {
	left, err := filepath.Glob(filepath.Join(folder, Prefix+"*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// Copy writes the bytes of a file to another, which must not be there, and brings them to the disk.
func Copy(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// MkdirAll makes a folder that is on the disk when it returns, and its parents.
func MkdirAll(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := MkdirAll(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return Sync(filepath.Dir(dir))
}

// Sync brings a file, or the names in a folder, to the disk.
var Sync = func(path string) error { // changed by tests alone
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
