package intake

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// FolderOfCrawls is how workers name a folder of crawls: "" for the last root itself, or a folder in one of the roots, which
// may be given by its name or by its path. Workers look nowhere else.
func FolderOfCrawls(roots []string, dir string) (string, error) {
	if len(roots) == 0 {
		return "", errors.New("no crawl root is configured: see crawl_roots in temporal.yaml")
	}
	if dir == "" {
		return "", nil
	}
	if !strings.ContainsRune(dir, filepath.Separator) && !isDir(dir) {
		for _, root := range roots {
			if isDir(filepath.Join(root, dir)) {
				return dir, nil
			}
		}
	}
	path, err := filepath.Abs(dir)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
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
