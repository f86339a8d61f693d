package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// scratch is this process's folder for drafts, tmp/process-<random>. As long as the process lives it holds the lock of
// tmp/process-<random>.lock, which the kernel lets go of when it dies, however it dies: so the next process knows what to sweep.
type scratch struct {
	mu   sync.Mutex
	dir  string // "" until it is made
	lock *os.File
}

const (
	processPrefix = "process-"
	lockSuffix    = ".lock"
)

// Draft is a folder to write the files of a unit in; nothing of it is seen until Publish.
type Draft struct {
	Dir   string
	store *Store
}

// Draft makes an empty folder on the store's file system. Close removes what is left of it.
func (s *Store) Draft() (*Draft, error) {
	dir, err := s.drafts()
	if err != nil {
		return nil, err
	}
	dir, err = os.MkdirTemp(dir, "draft-")
	return &Draft{Dir: dir, store: s}, err
}

// Close removes the draft.
func (d *Draft) Close() error { return os.RemoveAll(d.Dir) }

// temp writes b to a new file on the store's file system.
func (s *Store) temp(b []byte) (string, error) {
	dir, err := s.drafts()
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "object-")
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name()) // of a full disk every byte is wanted back
		return "", err
	}
	return f.Name(), nil
}

// drafts is this process's folder. The first call that can makes it, and sweeps those of dead processes: after a failure,
// such as a full disk, the next call tries again.
func (s *Store) drafts() (string, error) {
	s.scratch.mu.Lock()
	defer s.scratch.mu.Unlock()
	if s.scratch.dir != "" {
		return s.scratch.dir, nil
	}
	tmp := filepath.Join(s.root, "tmp")
	if err := sweep(tmp); err != nil {
		return "", err
	}
	lock, err := os.CreateTemp(tmp, processPrefix+"*"+lockSuffix)
	if err != nil {
		return "", err
	}
	dir := strings.TrimSuffix(lock.Name(), lockSuffix)
	if err = flock(lock); err == nil {
		err = os.Mkdir(dir, 0o755) // after its lock: a folder without a held lock is a dead one's
	}
	if err != nil {
		return "", errors.Join(err, lock.Close(), os.Remove(lock.Name()))
	}
	s.scratch.dir, s.scratch.lock = dir, lock
	return dir, nil
}

// sweep removes the folders of processes that do not live any more.
func sweep(tmp string) error {
	entries, err := os.ReadDir(tmp)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), processPrefix) {
			continue
		}
		dir := filepath.Join(tmp, e.Name())
		lock, err := os.OpenFile(dir+lockSuffix, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		if flock(lock) == nil {
			err = errors.Join(os.RemoveAll(dir), os.Remove(dir+lockSuffix))
			if errors.Is(err, os.ErrNotExist) {
				err = nil // another process swept it at the same time
			}
		}
		if err = errors.Join(err, lock.Close()); err != nil {
			return err
		}
	}
	return nil
}

// flock takes the lock of f, or fails at once where another process (or another open file of this one) holds it.
func flock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
