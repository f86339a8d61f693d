// Package store keeps the artifacts of stages: immutable objects by digest, and the files of a unit by key.
//
//	objects/<aa>/<sha256>       bytes, put if absent
//	stages/<stage>/<key>.json   a schemas.Unit: file name -> digest; put if absent, so equal keys publish once
//	work/<stage>/<key>/         scratch of attempts (checkpoints of a training): never an input of another stage
//	timings/<key>.jsonl         what the steps of a training took: for people, since it does not repeat
//	refs/<name>/<n>             the digest of the n-th object of a list that only grows
//	tmp/                        drafts, one folder a process; those of dead processes are swept
//
// Publication is write, fsync, rename (or link), fsync of the folder: a file is complete or absent. No locks or leases:
// a late attempt can only publish the same bytes, and where it does not, the first stays.
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/artifact/digest"
	"crosssum/schemas"
)

// Store is a local folder. It is safe for concurrent use by any number of processes.
type Store struct {
	root    string
	scratch scratch
	// Crash is called with the name of a point of publication ("before-object", "after-object", "before-manifest",
	// "after-manifest") when set: tests end the process there.
	Crash func(point string)
}

// Open makes the folders of a store under root.
func Open(root string) (*Store, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	for _, d := range []string{"objects", "stages", "work", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			return nil, err
		}
	}
	return &Store{root: root}, nil
}

// Root is the absolute path of the store.
func (s *Store) Root() string { return s.root }

// ErrAbsent is returned for a key that is not published.
var ErrAbsent = errors.New("not in the store")

// ErrCorrupt is returned for an object whose bytes have another digest: the disk or a hand has changed them.
var ErrCorrupt = errors.New("the disk or a hand has changed its bytes: remove it and what names it, and run again")

var (
	digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
	nameForm   = regexp.MustCompile(`^[a-z0-9_.-]+$`)
)

// Key is the SHA-256 of the canonical JSON of (stage, version, material): encoding/json sorts map keys and writes struct
// fields in order. material must hold every resolved parameter and input digest, and no path, clock or host.
func Key(stage string, version int, material any) string {
	b, err := json.Marshal([]any{stage, version, material})
	if err != nil {
		panic(fmt.Sprintf("store: key of %s: %v", stage, err)) // a programming error: material is ours
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Path is where the object of a digest lies. The object may be absent.
func (s *Store) Path(digest string) (string, error) {
	if !digestForm.MatchString(digest) {
		return "", fmt.Errorf("store: %q is not a digest", digest)
	}
	return filepath.Join(s.root, "objects", digest[:2], digest), nil
}

// File is Path of a file of a unit, which must be there. A file that the unit does not have, or whose object is gone, is an
// error that names both.
func (s *Store) File(unit schemas.Unit, name string) (string, error) {
	f, ok := unit.Files[name]
	if !ok {
		return "", fmt.Errorf("store: unit %s has no file %s", unit.Name, name)
	}
	path, err := s.Path(f.Digest)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("store: %s of unit %s is gone (object %s): remove %s, and run again: %w", name, unit.Name, f.Digest,
			s.manifest("*", unit.Key), ErrCorrupt)
	}
	return path, nil
}

// Put moves the file at path, which must lie on the store's file system, into the objects. It is fsynced first. An object of
// its digest that has another size was damaged, and is replaced.
func (s *Store) Put(path string) (schemas.File, error) {
	of, n, err := digest.File(path)
	if err != nil {
		return schemas.File{}, err
	}
	file := schemas.File{Digest: of, Bytes: n}
	target, err := s.Path(file.Digest)
	if err != nil {
		return file, err
	}
	if there, err := os.Stat(target); err == nil && there.Size() == n { // its writer may have died before it synced the folder
		return file, errors.Join(os.Remove(path), atomicfile.Sync(filepath.Dir(target)))
	}
	if err := os.Chmod(path, 0o444); err != nil {
		return file, err
	}
	s.crash("before-object")
	if err := errors.Join(atomicfile.MkdirAll(filepath.Dir(target)), atomicfile.Move(path, target)); err != nil {
		return file, err
	}
	s.crash("after-object")
	return file, nil
}

// PutJSON stores v as an object of canonical JSON.
func (s *Store) PutJSON(v any) (schemas.File, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return schemas.File{}, err
	}
	path, err := s.temp(b)
	if err != nil {
		return schemas.File{}, err
	}
	defer os.Remove(path) // of a failed Put
	return s.Put(path)
}

// GetJSON reads an object written by PutJSON.
func (s *Store) GetJSON(digest string, v any) error {
	path, err := s.Path(digest)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: object %s is gone: %w", digest, ErrCorrupt)
	}
	if err != nil {
		return fmt.Errorf("store: object %s: %w", digest, err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != digest {
		return fmt.Errorf("store: object %s has another digest: %w", digest, ErrCorrupt)
	}
	return json.Unmarshal(b, v)
}

// Lookup returns the unit published under (stage, key), or ErrAbsent.
func (s *Store) Lookup(stage, key string) (schemas.Unit, error) {
	var unit schemas.Unit
	b, err := os.ReadFile(s.manifest(stage, key))
	if errors.Is(err, fs.ErrNotExist) {
		return unit, ErrAbsent
	}
	if err != nil {
		return unit, err
	}
	if err := json.Unmarshal(b, &unit); err != nil {
		return unit, fmt.Errorf("store: %s: %w: %w", s.manifest(stage, key), err, ErrCorrupt)
	}
	return unit, nil
}

// Publish moves every regular file of the draft into the objects and then publishes the unit under (stage, key). If the
// key was published meanwhile with other bytes, the first stays and nondeterministic is true.
func (d *Draft) Publish(stage, key, name string, counts map[string]int64) (unit schemas.Unit, nondeterministic bool, err error) {
	unit = schemas.Unit{Name: name, Key: key, Files: map[string]schemas.File{}, Counts: counts}
	err = filepath.WalkDir(d.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(d.Dir, path)
		if err == nil {
			unit.Files[filepath.ToSlash(rel)], err = d.store.Put(path)
		}
		return err
	})
	if err != nil {
		return unit, false, err
	}
	s := d.store
	if !nameForm.MatchString(stage) || !digestForm.MatchString(key) {
		return unit, false, fmt.Errorf("store: bad stage %q or key %q", stage, key)
	}
	b, err := json.Marshal(unit)
	if err != nil {
		return unit, false, err
	}
	err = s.create(s.manifest(stage, key), b, "manifest")
	if errors.Is(err, fs.ErrExist) {
		first, err := s.Lookup(stage, key)
		same := maps.EqualFunc(first.Files, unit.Files, func(a, b schemas.File) bool { return a.Digest == b.Digest })
		return first, err == nil && !same, err
	}
	return unit, false, err
}

// create makes a small file that must not be there. One that is there is on the disk, under its name, when this says so: its writer
// may have died before.
func (s *Store) create(target string, b []byte, what string) error {
	path, err := s.temp(b)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	if err := atomicfile.MkdirAll(filepath.Dir(target)); err != nil {
		return err
	}
	s.crash("before-" + what)
	if err = os.Link(path, target); err == nil { // link fails where rename would replace
		s.crash("after-" + what)
	}
	return errors.Join(err, atomicfile.Sync(filepath.Dir(target)))
}

// WorkDir is a folder that attempts of one unit share, for resume points. It is removed with Forget.
func (s *Store) WorkDir(stage, key string) (string, error) {
	dir := filepath.Join(s.root, "work", stage, key)
	return dir, os.MkdirAll(dir, 0o755)
}

// Forget removes the work folder of a unit, once the unit is published.
func (s *Store) Forget(stage, key string) error {
	return os.RemoveAll(filepath.Join(s.root, "work", stage, key))
}

func (s *Store) manifest(stage, key string) string {
	return filepath.Join(s.root, "stages", stage, key+".json")
}

func (s *Store) crash(point string) {
	if s.Crash != nil {
		s.Crash(point)
	}
}
