// Package crawl reads crawl folders: which files they have, their rows as articles, what is no article with the reason, and what a run
// would make of it.
package crawl

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"crosssum/internal/artifact/digest"
	"crosssum/schemas"
)

// Folder is an open crawl folder. Nothing outside of its root can be read through it, whatever its names and links say.
type Folder struct {
	Name string
	Root string // the folder it lies in: a crawl root, or a folder of one
	dir  *os.Root

	Archives Archives // how its archives are read
}

// crawlName is a folder of a crawl root, or a folder of such a folder.
var crawlName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?$`)

const maxCrawlFiles = 100_000

// Open opens the crawl of a name in one of the roots, and nowhere else.
func Open(roots []string, name string) (*Folder, error) {
	if !crawlName.MatchString(name) {
		return nil, bad("crawl %.120q: a name of letters, digits, dot, dash and underscore is wanted (a folder in a crawl root, or folder/crawl, not a path)", name)
	}
	var found *Folder
	var tried []error
	for _, root := range roots {
		f, err := openIn(root, name)
		if err != nil {
			tried = append(tried, err)
			continue
		}
		if found != nil {
			f.Close()
			found.Close()
			return nil, bad("crawl %q lies in %s and in %s: rename one", name, found.Root, root)
		}
		found = f
	}
	if found == nil {
		return nil, missing(roots, name, tried)
	}
	return found, nil
}

// missing is the error of a crawl that is in none of the roots, with what there is; where something of the name is there, why it is no crawl.
func missing(roots []string, name string, tried []error) error {
	if len(roots) == 0 {
		return bad("no crawl root is configured: see crawl_roots in temporal.yaml")
	}
	for _, err := range tried {
		if !errors.Is(err, fs.ErrNotExist) {
			return bad("crawl %q: %v", name, err)
		}
	}
	return bad("no crawl %q in %s: %s", name, strings.Join(roots, " or "), cmp.Or(schemas.Instead(name, Names(roots)), "there is none at all"))
}

// Names are the folders of the roots, and those of folders without crawl files, that may be crawls, in name order.
func Names(roots []string) (names []string) {
	folders := func(dir string) (inside []string, files bool) {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries[:min(len(entries), maxCrawlFiles)] {
			if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.IsDir() && crawlName.MatchString(e.Name()) {
				inside = append(inside, e.Name())
			}
			files = files || Reads(e.Name())
		}
		return inside, files
	}
	for _, root := range roots {
		here, _ := folders(root)
		for _, name := range here {
			inside, files := folders(filepath.Join(root, name))
			if files || len(inside) == 0 && name != "gold" { // which has known pairs
				names = append(names, name)
				continue
			}
			for _, crawl := range inside {
				names = append(names, name+"/"+crawl)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func openIn(root, name string) (*Folder, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	dir, err := r.OpenRoot(name) // a link that leads out of the root is refused
	if err != nil {
		return nil, err
	}
	return &Folder{Name: name, Root: filepath.Join(root, path.Dir(name)), dir: dir}, nil
}

// OpenFolder opens a crawl folder by path, for a person at the command line.
func OpenFolder(path string) (*Folder, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dir, err := os.OpenRoot(absolute)
	if err != nil {
		return nil, bad("crawl folder %s: %v", path, err)
	}
	return &Folder{Name: filepath.Base(absolute), Root: filepath.Dir(absolute), dir: dir}, nil
}

// Close closes the folder.
func (f *Folder) Close() error { return f.dir.Close() }

var crawlFile = regexp.MustCompile(`^([^.].*?)(?:_(train|val|test))?\.jsonl(?:\.gz|\.bz2|\.xz|\.zst)?$`)

// FileNames and ArchiveNames say, for messages, how files are called that are read.
const FileNames, ArchiveNames = "<language>[_<train|val|test>].jsonl[.gz|.bz2|.xz|.zst]", ".tar[.gz|.bz2|.xz|.zst]"

// Reads tells whether a file of that name in a crawl folder counts.
func Reads(name string) bool {
	return name == marker || crawlFile.MatchString(name) || archiveFile.MatchString(name)
}

// Files is List of a crawl that must have files, and of every language that is wanted.
func (f *Folder) Files(languages []string) ([]schemas.CrawlFile, error) {
	files, err := f.List(languages)
	if err != nil {
		return nil, err
	}
	if missing := slices.DeleteFunc(slices.Clone(languages), func(l string) bool {
		return slices.ContainsFunc(files, func(c schemas.CrawlFile) bool { return c.Language == l })
	}); len(missing) > 0 {
		return nil, bad("crawl %s: no file of %s, asked for by languages; %s", f.Name, schemas.Listed(missing, mostNamed), f.has())
	}
	if len(files) == 0 {
		return nil, bad("crawl %s: no %s in it, nor in a %s there", f.Name, FileNames, ArchiveNames)
	}
	return files, nil
}

// mostNamed is how many languages or crawls a message names.
const mostNamed = 30

// has says which languages there are.
func (f *Folder) has() string {
	files, err := f.List(nil)
	if err != nil || len(files) == 0 {
		return "it has no <language>[_<train|val|test>].jsonl[.gz|.zst] at all"
	}
	var names []string
	for _, c := range files { // in the order of the languages
		if !slices.Contains(names, c.Language) {
			names = append(names, c.Language)
		}
	}
	return "it has " + schemas.Listed(names, mostNamed)
}

// List gives the crawl's files in (language, path) order, those of archives already digested. Names that end like a crawl file must name a
// language of the table; others (crawl.json, a licence) are passed over. languages, when given, is what is wanted.
func (f *Folder) List(languages []string) ([]schemas.CrawlFile, error) {
	var unknown []string
	for _, l := range languages {
		if _, err := schemas.LanguageByName(l); err != nil && len(unknown) < mostNamed {
			unknown = append(unknown, err.Error())
		}
	}
	if len(unknown) > 0 {
		return nil, bad("languages: %s", strings.Join(unknown, "; "))
	}
	if _, _, err := f.Mode(); err != nil {
		return nil, err
	}
	all, err := f.all()
	if err != nil {
		return nil, err
	}
	var files []schemas.CrawlFile
	seen := map[[2]string]string{}
	for _, c := range all {
		m := crawlFile.FindStringSubmatch(path.Base(c.Path))
		if m == nil {
			continue
		}
		language, err := schemas.LanguageByName(m[1])
		if err != nil {
			if name := would(c.Path); name != "" {
				return nil, bad("crawl %s, file %q: under the name %s it would be read: rename it", f.Name, c.Path, name)
			}
			return nil, bad("crawl %s, file %q: %v", f.Name, c.Path, err)
		}
		if len(languages) > 0 && !slices.Contains(languages, language.Name) {
			continue
		}
		if c.Archive == "" {
			if c.Bytes, err = f.regular(c.Path); err != nil {
				return nil, err
			}
		}
		if other, ok := seen[[2]string{m[1], m[2]}]; ok {
			return nil, bad("crawl %s: %q and %q are one language and split: keep one", f.Name, other, c.Path)
		}
		seen[[2]string{m[1], m[2]}] = c.Path
		c.Language, c.Split = m[1], m[2]
		files = append(files, c)
	}
	slices.SortFunc(files, func(a, b schemas.CrawlFile) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Path, b.Path))
	})
	if len(files) > maxCrawlFiles {
		return nil, bad("crawl %s: %d files, at most %d", f.Name, len(files), maxCrawlFiles)
	}
	return files, nil
}

// all are the files of the folder itself and of its archives, of whatever names.
func (f *Folder) all() (files []schemas.CrawlFile, err error) {
	entries, err := fs.ReadDir(f.dir.FS(), ".")
	if err != nil {
		return nil, bad("crawl %s: %v", f.Name, err)
	}
	for _, e := range entries {
		if !archiveFile.MatchString(e.Name()) {
			files = append(files, schemas.CrawlFile{Path: e.Name()})
			continue
		}
		if _, err := f.regular(e.Name()); err != nil {
			return nil, err
		}
		members, err := f.members(e.Name())
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			files = append(files, schemas.CrawlFile{Path: e.Name() + "/" + m.path, Archive: e.Name(), Bytes: m.bytes, Digest: m.digest})
		}
	}
	return files, nil
}

// regular gives the size of a file, which must be a regular one: to open a pipe would wait for who writes it.
func (f *Folder) regular(name string) (int64, error) {
	info, err := f.dir.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return 0, bad("crawl %s, file %q: not a regular file within the crawl root (%v)", f.Name, name, err)
	}
	return info.Size(), nil
}

// Digest fills in the SHA-256 and size of every file. progress gets the bytes done so far; files that this process has read
// before, and that are as they were, are done at once.
func (f *Folder) Digest(files []schemas.CrawlFile, progress func(int64) error) error {
	var done int64
	for i := range files {
		if files[i].Archive != "" {
			done += files[i].Bytes
			if err := progress(done); err != nil {
				return err
			}
			continue
		}
		file, err := f.dir.Open(files[i].Path)
		if err != nil {
			return bad("crawl %s: %v", f.Name, err)
		}
		files[i].Digest, files[i].Bytes, err = digest.Of(file, func(bytes int64) error {
			done += bytes
			return progress(done)
		})
		file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// verified reads a crawl file and digests what it reads.
type verified struct {
	file io.ReadCloser // not embedded: its WriteTo would pass by Read
	disk *os.File      // that file is, or the archive that it lies in
	hash hash.Hash
	of   schemas.CrawlFile
	in   string
}

// Open opens a file of a scan. check, after the last row, tells whether its bytes are still those of the scan.
func (f *Folder) Open(c schemas.CrawlFile, limits schemas.IngestParams) (io.ReadCloser, func() error, error) {
	disk, err := f.dir.Open(cmp.Or(c.Archive, c.Path))
	if err != nil {
		return nil, nil, bad("crawl %s: %v: it was there when the crawl was scanned; start the run again", f.Name, err)
	}
	v := &verified{disk, disk, sha256.New(), c, f.Name}
	if c.Archive != "" {
		if v.file, err = openMember(c, disk, limits); err != nil {
			return nil, nil, errors.Join(v.changed(err), disk.Close())
		}
	}
	return v, v.check, nil
}

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.file.Read(p)
	v.hash.Write(p[:n])
	return n, err
}

func (v *verified) Close() error {
	if v.of.Archive == "" {
		return v.file.Close()
	}
	return errors.Join(v.file.Close(), v.disk.Close())
}

// changed is the error of a file that could be read when the crawl was scanned.
func (v *verified) changed(err error) error {
	if ofTheDisk(err) {
		return err
	}
	return bad("crawl %s: %s has changed since the crawl was scanned (%v): start the run again", v.in, v.of.Path, err)
}

func (v *verified) check() error {
	if _, err := io.Copy(io.Discard, v); err != nil { // what a decoder leaves unread behind the last frame
		return v.changed(err)
	}
	if got := hex.EncodeToString(v.hash.Sum(nil)); got != v.of.Digest {
		return bad("crawl %s: %s has changed since the crawl was scanned (digest %.12s, was %.12s): start the run again", v.in, v.of.Path, got, v.of.Digest)
	}
	return nil
}
