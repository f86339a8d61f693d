// Package intake brings what a person has, a crawl folder or a file of known pairs, to where workers look for it: a crawl root.
package intake

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/crawl"
	"crosssum/schemas"
)

var errNoRoot = errors.New("no crawl root is configured: see crawl_roots in temporal.yaml")

// Find is the folder dir, or else the crawl of that name under one of roots.
func Find(roots []string, dir string) (string, error) {
	if isDir(dir) {
		return dir, nil
	}
	for _, root := range roots {
		if path := filepath.Join(root, dir); filepath.IsLocal(dir) && isDir(path) {
			return path, nil
		}
	}
	if _, err := os.Stat(dir); err == nil {
		return "", fmt.Errorf("%s is a file, and a crawl is a folder of files: put it into one, and name that", dir)
	}
	name, there := dir, crawl.Names(roots)
	if beside, err := os.ReadDir(filepath.Dir(dir)); err == nil && strings.ContainsRune(dir, filepath.Separator) {
		name, there = filepath.Base(dir), nil
		for _, e := range beside {
			if e.IsDir() {
				there = append(there, e.Name())
			}
		}
	}
	return "", fmt.Errorf("there is no crawl folder %s, and no crawl of that name in %s: %s", dir, strings.Join(roots, " or "),
		cmp.Or(schemas.Instead(name, there), "there is none at all"))
}

// Crawl makes the crawl folder at dir one that workers find, and returns its name there: "crawl" or "folder/crawl". A folder
// under one of roots is taken as it is; so is a name that one of roots holds. Any other is brought under the last root: its files are linked
// (no bytes are copied), or copied where the file systems differ. A folder brought in before is used again if it has the
// same files, and is never changed: a run may be reading it.
func Crawl(roots []string, dir string) (string, error) {
	if len(roots) == 0 {
		return "", errNoRoot
	}
	found, err := Find(roots, dir)
	if err != nil {
		return "", err
	}
	if found != dir {
		return filepath.ToSlash(filepath.Clean(dir)), nil
	}
	if dir, err = resolve(dir); err != nil {
		return "", fmt.Errorf("crawl folder: %w", err)
	}
	for _, root := range roots {
		resolved, err := filepath.EvalSymlinks(root)
		if err == nil && filepath.Dir(dir) == resolved {
			return filepath.Base(dir), nil
		}
		if folder := filepath.Dir(dir); err == nil && filepath.Dir(folder) == resolved {
			return filepath.Base(folder) + "/" + filepath.Base(dir), nil
		}
	}
	files, err := crawlFiles(dir)
	if err != nil {
		return "", err
	}
	if len(files) == 0 {
		return "", fmt.Errorf("%s holds no %s, and no %s of such files", dir, crawl.FileNames, crawl.ArchiveNames)
	}
	root := roots[len(roots)-1]
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	name := safeName(filepath.Base(dir))
	if target := filepath.Join(root, name); isDir(target) {
		if same(dir, target, files) {
			return name, nil
		}
		name += time.Now().Format("-20060102-150405")
	}
	return name, link(dir, filepath.Join(root, name), files)
}

// FolderOfCrawls is how workers name a folder of crawls: "" for the last root itself, or a folder in one of the roots, which
// may be given by its name or by its path. Workers look nowhere else.
func FolderOfCrawls(roots []string, dir string) (string, error) {
	if len(roots) == 0 {
		return "", errNoRoot
	}
	if dir == "" {
		return "", nil
	}
	if !strings.ContainsRune(dir, filepath.Separator) && !isDir(dir) {
		if slices.ContainsFunc(roots, func(root string) bool { return isDir(filepath.Join(root, dir)) }) {
			return dir, nil
		}
	}
	path, err := resolve(dir)
	if err != nil {
		return "", fmt.Errorf("there is no folder of crawls %s, and none of that name in %s", dir, strings.Join(roots, " or "))
	}
	for i, root := range roots {
		resolved, err := filepath.EvalSymlinks(root)
		switch {
		case err != nil:
		case path == resolved && i == len(roots)-1:
			return "", nil
		case filepath.Dir(path) == resolved:
			return filepath.Base(path), nil
		}
	}
	return "", fmt.Errorf("folder of crawls %s: workers look for crawls in %s and in the folders there: move it into one of these, or add the "+
		"folder it lies in to crawl_roots of temporal.yaml", dir, strings.Join(roots, " and "))
}

// resolve is the absolute path without links.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	return path, err
}

// link makes target with the files of dir; it appears complete or not at all.
func link(dir, target string, files []string) error {
	return atomicfile.Folder(target, func(aside string) error {
		for _, f := range files {
			source, err := filepath.EvalSymlinks(filepath.Join(dir, f))
			if err != nil {
				return err
			}
			copied := filepath.Join(aside, f)
			if os.Link(source, copied) == nil {
				continue
			}
			info, err := os.Stat(source)
			if err != nil {
				return err
			}
			if err := errors.Join(atomicfile.Copy(source, copied), os.Chtimes(copied, info.ModTime(), info.ModTime())); err != nil {
				return err
			}
		}
		return nil
	})
}

// crawlFiles lists the crawl's files in dir, in name order; everything else is left where it is.
func crawlFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("crawl folder: %w", err)
	}
	var files []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err == nil && info.Mode().IsRegular() && crawl.Reads(e.Name()) {
			files = append(files, e.Name())
		}
	}
	return files, nil
}

// same says whether target holds just these files of dir: equal size and time, as links and our copies have them.
func same(dir, target string, files []string) bool {
	have, err := crawlFiles(target)
	return err == nil && slices.EqualFunc(files, have, func(f, there string) bool {
		a, errA := os.Stat(filepath.Join(dir, f))
		b, errB := os.Stat(filepath.Join(target, f))
		return f == there && errA == nil && errB == nil && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
	})
}

// safeName keeps what a crawl's name may have: letters, digits, dot, hyphen and underscore, at most 100 characters with a date.
func safeName(base string) string {
	safe := regexp.MustCompile(`[^A-Za-z0-9._-]+`).ReplaceAllString(base, "-")
	if safe = strings.TrimLeft(safe, "._-"); safe == "" {
		return "crawl"
	}
	return safe[:min(len(safe), 80)]
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
