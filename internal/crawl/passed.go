package crawl

import (
	"cmp"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"crosssum/schemas"
)

// Passed is a file of a crawl folder that no rule reads. Would is the name by which it would be read; "" where the name says no language.
type Passed struct{ Name, Would string }

// articlesName is what people call files of articles: a language, perhaps a split, and that it is JSON.
var articlesName = regexp.MustCompile(`^(.+?)(?:[_.-](train|training|val|valid|validation|dev|test))?\.(?:jsonl|jsonlines|ndjson|jl|json)(\.gz|\.bz2|\.xz|\.zst)?$`)

// shortArchive are the short names of archives that are packed.
var (
	shortArchive = regexp.MustCompile(`^(.+)\.(?i:(tgz|tbz2?|txz|tzst))$`)
	shortEndings = map[string]string{"tgz": "gz", "tbz": "bz2", "tbz2": "bz2", "txz": "xz", "tzst": "zst"}
)

var splitNames = map[string]string{"training": "train", "valid": "val", "validation": "val", "dev": "val"}

// would is the name by which a file of the name would be read, "" if that cannot be told.
func would(name string) string {
	if m := shortArchive.FindStringSubmatch(path.Base(name)); m != nil {
		return m[1] + ".tar." + shortEndings[strings.ToLower(m[2])]
	}
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

// PassedOver are the files that no rule reads, in name order, also those of folders in the folder and of its archives.
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
	if err != nil {
		return nil, err
	}
	all, err := f.all()
	for _, c := range all {
		if name := path.Base(c.Path); c.Archive != "" && !crawlFile.MatchString(name) && !strings.HasPrefix(name, ".") {
			passed = append(passed, Passed{c.Path, would(name)})
		}
	}
	slices.SortFunc(passed, func(a, b Passed) int { return cmp.Compare(a.Name, b.Name) })
	return passed, err
}
