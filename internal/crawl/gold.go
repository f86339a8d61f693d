package crawl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// OpenGold opens gold/<name>.tsv.gz in one of the crawl roots, and nowhere else: known pairs that a person has brought in.
func OpenGold(roots []string, name string) (io.ReadCloser, error) {
	if !folderName.MatchString(name) {
		return nil, bad("known pairs %.120q: a name of letters, digits, dot, dash and underscore is wanted (a file in the folder gold of a crawl root)", name)
	}
	for _, folder := range roots {
		root, err := os.OpenRoot(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		file, err := openGold(root, name)
		root.Close()
		if err != nil {
			return nil, bad("known pairs %s: %v", name, err)
		}
		if file != nil {
			return file, nil
		}
	}
	return nil, bad("no known pairs %q: there is no gold/%s.tsv.gz in a crawl root", name, name)
}

// Gold opens gold/<crawl>.tsv.gz beside the crawl, the true alignment of a crawl that ships with one; nil when there is none.
func (f *Folder) Gold() (io.ReadCloser, error) {
	root, err := os.OpenRoot(f.Root)
	if err != nil {
		return nil, bad("gold of crawl %s: %v", f.Name, err)
	}
	defer root.Close()
	file, err := openGold(root, path.Base(f.Name))
	if err != nil {
		return nil, bad("gold of crawl %s: %v", f.Name, err)
	}
	if file == nil {
		return nil, nil
	}
	return file, nil
}

// openGold opens gold/<name>.tsv.gz in a root, nil where there is none. A link that leads out of the root is refused, and so is
// what is no regular file: to open a pipe would wait for who writes it.
func openGold(root *os.Root, name string) (*os.File, error) {
	path := "gold/" + name + ".tsv.gz"
	info, err := root.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // a crawl may be called gold
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return root.Open(path)
}
