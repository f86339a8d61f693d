package crawl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"syscall"

	"crosssum/schemas"
)

// marker is written last into a crawl folder: it says that the crawl is complete, and how it is meant.
const marker = "crawl.json"

// maxMarker bounds the done marker.
const maxMarker = 64 << 10

var folderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// Mode reads crawl.json: {"mode": "delta"} adds and replaces; {"mode": "snapshot"} also withdraws what it lacks in the
// languages it has files for. A folder without the file, or a file without the field, is a delta. marked: the file is there.
func (f *Folder) Mode() (mode string, marked bool, err error) {
	info, err := f.dir.Stat(marker)
	if errors.Is(err, fs.ErrNotExist) {
		return schemas.ModeDelta, false, nil
	}
	if err == nil && !info.Mode().IsRegular() { // to open a pipe would wait for who writes it
		return "", false, bad("crawl %s: %s: not a regular file", f.Name, marker)
	}
	file, err := f.dir.Open(marker)
	if err != nil {
		return "", false, bad("crawl %s: %s: %v", f.Name, marker, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxMarker+1))
	if err != nil {
		return "", false, err
	}
	if mode, err = parseMode(text); err != nil {
		return "", false, bad(`crawl %s: %s: %v; wanted {"mode": "delta"} or {"mode": "snapshot"}`, f.Name, marker, err)
	}
	return mode, true, nil
}

func parseMode(text []byte) (string, error) {
	if len(text) > maxMarker {
		return "", errors.New("over 64 KiB")
	}
	o, wrong := parseObject(text)
	if wrong != nil {
		return "", wrong
	}
	for key := range o {
		if key != "mode" {
			return "", fmt.Errorf("unknown field %.80q", key)
		}
	}
	switch mode := o["mode"]; mode {
	case nil:
		return schemas.ModeDelta, nil
	case schemas.ModeDelta, schemas.ModeSnapshot:
		return mode.(string), nil
	default:
		return "", fmt.Errorf("mode %.40q", mode)
	}
}

// Crawls names the crawls of a folder in a crawl root, or of the last root itself for "": its folders that have the done
// marker, in name order. What has no marker is not complete, and waits. A folder that Open then refuses, for its name or
// for being a link that leads out, is named too, so that it is not passed over in silence.
func Crawls(roots []string, folder string) ([]string, error) {
	if len(roots) == 0 {
		return nil, bad("no crawl root is configured: see crawl_roots in temporal.yaml")
	}
	if folder == "" {
		root, err := os.OpenRoot(roots[len(roots)-1])
		if err != nil {
			return nil, bad("crawl root: %v", err)
		}
		defer root.Close()
		return marked(root, "")
	}
	if !folderName.MatchString(folder) {
		return nil, bad("folder of crawls %.120q: a name of letters, digits, dot, dash and underscore is wanted (a folder in a crawl root, not a path)", folder)
	}
	f, err := Open(roots, folder)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return marked(f.dir, folder)
}

func marked(root *os.Root, folder string) ([]string, error) {
	entries, err := fs.ReadDir(root.FS(), ".") // in name order
	if err != nil {
		return nil, bad("folder of crawls %s: %v", folder, err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || e.Type().IsRegular() {
			continue
		}
		_, err := root.Stat(e.Name() + "/" + marker)
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			names = append(names, path.Join(folder, e.Name()))
		}
	}
	return names, nil
}
