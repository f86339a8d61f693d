package activities

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/artifact/digest"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// model is a Hugging Face directory: where it lies, and what its content is. Only Digest goes into keys.
type model struct {
	Dir    string
	Digest string // of the names and bytes of its files; model cards and licences do not count
}

// model finds a model: name is a directory, absolute or relative to the worker's working directory, that lies inside one of
// the model roots; else a name under them, in their order. Nothing outside of the roots is read.
func (a *Activities) model(name string) (model, error) {
	dir, err := a.placeOf(name)
	if err != nil {
		return model{}, err
	}
	digest, err := digestOfDir(dir)
	return model{Dir: dir, Digest: digest}, err
}

// placeOf is where a model lies, without a look at what its files hold.
func (a *Activities) placeOf(name string) (string, error) {
	dirs, err := a.modelDirs(name)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(dirs, isModel)
	if i < 0 {
		return "", missing(name, dirs)
	}
	return a.inRoots(name, dirs[i])
}

// missing is the error of a model that is in none of dirs.
func missing(name string, dirs []string) error {
	return fault.New(schemas.MissingModel, "model %q: neither config.json nor modules.json in %s: put its Hugging Face directory there, "+
		"or name another model", name, strings.Join(dirs, " or "))
}

// inRoots is the place of a model's directory, links resolved, which must lie in one of the roots too.
func (a *Activities) inRoots(name, dir string) (string, error) {
	place, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	for _, root := range a.ModelRoots {
		if root, err := filepath.EvalSymlinks(root); err == nil {
			if inside, err := filepath.Rel(root, place); err == nil && filepath.IsLocal(inside) {
				return place, nil
			}
		}
	}
	return "", fault.New(schemas.InvalidInput, "model %q: %s is a link to %s, outside of the model roots: put its files there, or add the folder that holds them "+
		"to model_roots of temporal.yaml", name, dir, place)
}

// isModel tells whether dir looks like a model: of transformers (config.json) or sentence-transformers (modules.json).
func isModel(dir string) bool {
	return slices.ContainsFunc([]string{"config.json", "modules.json"}, func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	})
}

// modelDirs are the folders that a model's name may mean: the local directory first, then the roots in their order.
func (a *Activities) modelDirs(name string) ([]string, error) {
	if len(a.ModelRoots) == 0 {
		return nil, fault.New(schemas.MissingModel, "model %q: temporal.yaml names no model_roots", name)
	}
	var local, named []string
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	for _, root := range a.ModelRoots {
		if inside, err := filepath.Rel(root, path); err == nil && inside != "." && filepath.IsLocal(inside) {
			local = append(local, path)
		}
		if !filepath.IsAbs(name) && filepath.IsLocal(name) && filepath.Clean(name) != "." {
			named = append(named, filepath.Join(root, name))
		}
	}
	dirs := append(local[:min(len(local), 1)], named...)
	if len(dirs) == 0 {
		return nil, fault.New(schemas.InvalidInput, "model %q: it is a name, or a path inside one of %s", name, strings.Join(a.ModelRoots, ", "))
	}
	return dirs, nil
}

// notWeights are files of a model directory that cannot change what it computes: cards, scripts, and weights in formats
// that nothing here reads.
func notWeights(name string) bool {
	upper := strings.ToUpper(name)
	other := slices.Contains([]string{".MD", ".SH", ".H5", ".MSGPACK", ".OT", ".ONNX"}, filepath.Ext(upper))
	return other || strings.HasPrefix(name, ".") || strings.HasPrefix(upper, "LICENSE") || strings.HasPrefix(upper, "NOTICE") ||
		strings.HasPrefix(name, "pytorch_model") || upper == "METRICS.JSONL" || upper == "TIMINGS.JSONL"
}

// digestOfDir is the SHA-256 of "<name> <digest>\n" for every file of dir in name order, sub-folders included.
func digestOfDir(dir string) (string, error) {
	digests := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && path != dir && strings.HasPrefix(e.Name(), ".") {
			return filepath.SkipDir
		}
		if e.IsDir() || notWeights(e.Name()) {
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err == nil {
			digests[filepath.ToSlash(rel)], err = digestOfFile(path)
		}
		return err
	})
	return digestOf(digests), err
}

func digestOf(files map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%s %s\n", name, files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func digestOfFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	of, _, err := digest.Of(f, func(int64) error { return nil })
	return of, err
}

// modelOf lays out the files of a published model under their names (hard links), as programs that read a model directory
// want them. The folder is the same for every call, so that an engine may keep what it loaded.
func (a *Activities) modelOf(u schemas.Unit) (model, error) {
	m := model{Digest: digestOfUnit(u)}
	m.Dir = filepath.Join(a.Store.Root(), "tmp", "model-"+m.Digest)
	if _, err := os.Stat(m.Dir); err == nil {
		return m, nil
	}
	draft, err := a.Store.Draft()
	if err != nil {
		return m, err
	}
	defer draft.Close()
	for name := range u.Files {
		path, err := a.Store.File(u, name)
		if err != nil {
			return m, err
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return m, fmt.Errorf("model: file name %q leaves its folder", name)
		}
		target := filepath.Join(draft.Dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.Link(path, target)); err != nil {
			return m, err
		}
	}
	if err := atomicfile.Move(draft.Dir, m.Dir); err != nil {
		if _, there := os.Stat(m.Dir); there != nil {
			return m, err
		} // another work item laid it out meanwhile
	}
	return m, nil
}

// digestOfUnit is digestOfDir of a published model.
func digestOfUnit(u schemas.Unit) string {
	digests := map[string]string{}
	for name, f := range u.Files {
		if !notWeights(filepath.Base(name)) {
			digests[name] = f.Digest
		}
	}
	return digestOf(digests)
}
