package crawl

import (
	"io/fs"
	"path"
	"regexp"
	"strings"

	"crosssum/schemas"
)

// Passed is a file of a crawl folder that no rule reads. Would is the name by which it would be read; "" where the name says no language.
type Passed struct{ Name, Would string }

// articlesName is what people call files of articles: a language, perhaps a split, and that it is JSON.
var articlesName = regexp.MustCompile(`^(.+?)(?:[_.-](train|training|val|valid|validation|dev|test))?\.(?:jsonl|jsonlines|ndjson|jl|json)(\.gz|\.bz2|\.xz|\.zst)?$`)

var splitNames = map[string]string{"training": "train", "valid": "val", "validation": "val", "dev": "val"}

// would is the name by which a file of the name would be read, "" if that cannot be told.
func would(name string) string {
	m := articlesName.FindStringSubmatch(strings.ToLower(path.Base(name)))
	if m == nil {
		return ""
	}
	language, err := schemas.LanguageByName(m[1])
	if err != nil {
		return ""
	}
	split := m[2]
	if s, ok := splitNames[split]; ok {
		split = s
	}
	if split != "" {
		split = "_" + split
	}
	return language.Name + split + ".jsonl" + m[3]
}

// PassedOver are the files that no rule reads, in name order, also those of folders in the folder.
func (f *Folder) PassedOver() (passed []Passed, err error) {
	err = fs.WalkDir(f.dir.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return bad("crawl %s: %v", f.Name, err)
		case name != "." && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
		case !e.IsDir() && (strings.Contains(name, "/") || !Reads(name)):
			passed = append(passed, Passed{name, would(name)})
		}
		if len(passed) > maxCrawlFiles {
			return fs.SkipAll
		}
		return nil
	})
	return passed, err
}
