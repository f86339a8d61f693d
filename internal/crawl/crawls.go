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
// marker, in name order. What has no marker is not complete, and waits: it is passed over, and told with the reason. A folder that Open
// then refuses, for its name or for being a link that leads out, is named too.
func Crawls(roots []string, folder string) (names []string, passed []schemas.PassedCrawl, err error) {
	if len(roots) == 0 {
		return nil, nil, bad("no crawl root is configured: see crawl_roots in temporal.yaml")
	}
	if folder == "" {
		root, err := os.OpenRoot(roots[len(roots)-1])
		if err != nil {
			return nil, nil, bad("crawl root: %v", err)
		}
		defer root.Close()
		return marked(root, "")
	}
	if !folderName.MatchString(folder) {
		return nil, nil, bad("folder of crawls %.120q: a name of letters, digits, dot, dash and underscore is wanted (a folder in a crawl root, not a path)", folder)
	}
	f, err := Open(roots, folder)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return marked(f.dir, folder)
}

func marked(root *os.Root, folder string) (names []string, passed []schemas.PassedCrawl, err error) {
	entries, err := fs.ReadDir(root.FS(), ".") // in name order
	if err != nil {
		return nil, nil, bad("folder of crawls %s: %v", folder, err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || folder == "" && e.Name() == "gold" { // which has known pairs
			continue
		}
		name, reason := path.Join(folder, e.Name()), "a file: a crawl is a folder with files of articles and "+marker
		if !e.Type().IsRegular() {
			_, err := root.Stat(e.Name() + "/" + marker)
			if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
				names = append(names, name)
				continue
			}
			reason = unmarked(root, folder, e.Name())
		}
		passed = append(passed, schemas.PassedCrawl{Crawl: name, Reason: reason})
	}
	return names, passed, nil
}

// unmarked says why a folder without the done marker is passed over.
func unmarked(root *os.Root, in, name string) string {
	entries, err := fs.ReadDir(root.FS(), name)
	if err != nil {
		return err.Error()
	}
	articles := false
	for _, e := range entries {
		if base := strings.ToLower(e.Name()); strings.Contains(base, "crawl") && strings.Contains(base, ".json") && !e.IsDir() {
			return fmt.Sprintf("%q in it is not %s: rename it", e.Name(), marker)
		}
		if _, err := root.Stat(path.Join(name, e.Name(), marker)); err == nil && in == "" {
			return fmt.Sprintf("a folder of crawls: they are taken by a run whose parameter crawls is %q (--crawls %s)", name, name)
		} else if err == nil {
			return "a folder of crawls: folders are not looked for that deep"
		}
		articles = articles || Reads(e.Name())
	}
	if !articles {
		return "neither " + marker + " nor a file <language>[_<train|val|test>].jsonl[.gz|.bz2|.xz|.zst] in it"
	}
	return "no " + marker + " in it, which says that a crawl is complete: write " + `{"mode": "delta"}` + " into that file last"
}
