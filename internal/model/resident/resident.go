// Package resident keeps the model of the last request in memory: the requests of a run follow each other with the same one.
package resident

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Model is the model in memory, if there is one. Its zero value holds none.
type Model[M any] struct {
	mu    sync.Mutex
	key   string
	model M
	free  func(M)
}

// Get gives the model of a directory: the one in memory if it is that and its files did not change, else what load reads,
// after the one in memory was given to free. The model stays valid until another one is asked for.
func (r *Model[M]) Get(dir string, load func() (M, error), free func(M)) (M, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var none M
	key, err := Identity(dir)
	if err != nil {
		return none, err
	}
	if r.free != nil && r.key == key {
		return r.model, nil
	}
	r.drop()
	model, err := load()
	if err != nil {
		return none, err
	}
	r.key, r.model, r.free = key, model, free
	return model, nil
}

// Drop frees the model in memory: something else needs the room.
func (r *Model[M]) Drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop()
}

func (r *Model[M]) drop() {
	if r.free != nil {
		r.free(r.model)
	}
	var none M
	r.key, r.model, r.free = "", none, nil
}

// Identity is the names, sizes and times of all files under a directory: whatever a model is read from is among them.
func Identity(dir string) (string, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString(dir)
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) { // a dangling link: load says so if it is needed
			return nil
		}
		if err == nil {
			fmt.Fprintf(&out, "|%s %d %d", path, info.Size(), info.ModTime().UnixNano())
		}
		return err
	})
	return out.String(), err
}
