package corpus

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// OpenGold opens gold/<name>.tsv.gz in one of the crawl roots, and nowhere else: known pairs that a person has brought in.
func OpenGold(roots []string, name string) (io.ReadCloser, error) {
	if !folderName.MatchString(name) {
		return nil, bad("known pairs %.120q: a name of letters, digits, dot, dash and underscore is wanted (a file in the folder gold of a crawl root)", name)
	}
	for _, path := range roots {
		root, err := os.OpenRoot(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		file, err := root.Open("gold/" + name + ".tsv.gz") // a link that leads out of the root is refused
		root.Close()
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, bad("known pairs %s: %v", name, err)
		}
	}
	return nil, bad("no known pairs %q: there is no gold/%s.tsv.gz in a crawl root", name, name)
}
