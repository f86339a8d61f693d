package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"crosssum/internal/artifact/bounded"
	"crosssum/internal/mining/gold"
	"crosssum/schemas"
)

// pinned is a file of a Debian archive, of which these very bytes are wanted.
type pinned struct {
	path   string // in the archive
	size   int64
	sha256 string
}

// helpPackage has GNOME's user help, with all translations, as Debian 12 ships it.
var helpPackage = pinned{"pool/main/g/gnome-user-docs/gnome-user-docs_43.0-2_all.deb", 8523220,
	"0d635a840747958ca84da778b40d341f1155603851f922c9a171f5a181d6a39f"}

// HelpOptions say where a crawl of GNOME's user help goes.
type HelpOptions struct {
	Output        string // crawl folder to make; its gold goes to <parent>/gold/<name>.tsv.gz
	Mirror        string // an archive's address; "" takes the one this machine's apt uses
	Work          string // the package, kept for the next time
	WithoutCopies bool   // of pages that nobody has translated
}

// FetchHelp makes a crawl folder of GNOME's user help: a page is an article, and the pages of a name are translations of each other. Same bytes, always.
func FetchHelp(ctx context.Context, o HelpOptions, progress func(string)) (FetchResult, error) {
	output, from, err := ends(o.Output, o.Mirror)
	if err != nil {
		return FetchResult{}, err
	}
	deb, err := fetchPinned(ctx, helpPackage, from.uri, o.Work, progress)
	if err != nil {
		return FetchResult{}, err
	}
	progress("reading pages")
	entries, licence, result, err := readHelp(filepath.Base(helpPackage.path), deb, o.WithoutCopies)
	if err != nil {
		return result, err
	}
	progress(fmt.Sprintf("writing %d articles in %d languages", len(entries), len(result.ByLang)))
	result.Folder, result.Gold = output, goldPath(output)
	return result, WriteCrawl(output, "gnome-user-docs-43", licence, entries)
}

// aptHelper comes with apt, and fetches a file the way that apt is configured to.
const aptHelper = "/usr/lib/apt/apt-helper"

// fetchPinned gives the bytes of a file, which are those that are pinned: from the folder work, or else from the archive, and then they are kept there.
func fetchPinned(ctx context.Context, p pinned, uri, work string, progress func(string)) ([]byte, error) {
	work, err := filepath.Abs(work)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(work, filepath.Base(p.path))
	if b, err := p.read(path); err == nil {
		return b, nil
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, err
	}
	from := strings.TrimSuffix(uri, "/") + "/" + p.path
	progress(fmt.Sprintf("fetching %s, %.1f MB", from, float64(p.size)/1e6))
	cmd := exec.CommandContext(ctx, aptHelper, "-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=3", "download-file", from, path, "SHA256:"+p.sha256)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s was not fetched: name an archive that has it with --mirror: apt-helper: %w\n%s", from, err, bytes.TrimSpace(said))
	}
	b, err := p.read(path)
	if err != nil {
		return nil, fmt.Errorf("%s is not the file that is wanted: name another archive with --mirror: %w", from, err)
	}
	return b, nil
}

// read reads the file, and refuses any other.
func (p pinned) read(path string) ([]byte, error) {
	b, err := bounded.Read(path, p.size)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != p.sha256 {
		return nil, fmt.Errorf("%s: %d bytes of SHA-256 %x, wanted %d of %s", path, len(b), sum, p.size, p.sha256)
	}
	return b, nil
}

const (
	maximumPage  = 1 << 20 // bytes
	maximumPages = 50_000  // in all languages
)

// helpPage is the path of a page: its language and its name. Nothing else of a package is read.
var helpPage = regexp.MustCompile(`^(?:\./)?usr/share/help/([A-Za-z_@]{1,32})/gnome-help/([a-z0-9][a-z0-9._-]{0,127})\.page$`)

// readHelp reads the pages of a package of help, and writes the note of their licence.
func readHelp(name string, deb []byte, withoutCopies bool) ([]gold.Entry, string, FetchResult, error) {
	result := FetchResult{ByLang: map[string]int{}, Unknown: map[string]int{}, Copies: map[string]int{}}
	pages, err := readPages(name, deb)
	if err != nil {
		return nil, "", result, err
	}
	c := collector{result: &result, minimum: 1, seen: map[[2]string]int{}}
	authors := people{}
	for _, code := range byPreference(slices.Sorted(maps.Keys(pages))) {
		l, err := schemas.LanguageByCode(code)
		if err != nil {
			result.Unknown[code] += len(pages[code])
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(pages[code])) {
			p := pages[code][name]
			p.fill(name, pages[code])
			authors.add(l.Name, p.credits)
			c.add(gold.Entry{Language: l.Name, Key: "gnome-help:" + name, Title: p.title, Summary: p.summary, Text: strings.Join(p.paragraphs, "\n")})
		}
	}
	c.copies(withoutCopies)
	c.finish()
	if len(c.entries) == 0 {
		return nil, "", result, fmt.Errorf("%s: no page of a help in it has a summary and text", name)
	}
	return c.entries, helpLicence(name, authors), result, nil
}

// readPages reads all pages, by language code and name.
func readPages(name string, deb []byte) (map[string]map[string]*page, error) {
	pages := map[string]map[string]*page{}
	count := 0
	err := eachFile(name, deb, func(h *tar.Header, r io.Reader) error {
		at := helpPage.FindStringSubmatch(h.Name)
		if at == nil {
			return nil
		}
		switch count++; {
		case h.Typeflag != tar.TypeReg:
			return errors.New("a page that is no regular file")
		case h.Size > maximumPage:
			return fmt.Errorf("a page of %d bytes, at most %d are read", h.Size, maximumPage)
		case count > maximumPages:
			return fmt.Errorf("over %d pages", maximumPages)
		case pages[at[1]][at[2]] != nil:
			return errors.New("a second page of this name")
		}
		text, err := io.ReadAll(io.LimitReader(r, maximumPage))
		if err != nil {
			return err
		}
		p, err := parsePage(text)
		if err != nil {
			return err
		}
		if pages[at[1]] == nil {
			pages[at[1]] = map[string]*page{}
		}
		pages[at[1]][at[2]] = &p
		return nil
	})
	return pages, err
}

// copies counts the articles that are the English one word for word, and leaves them out where that is wanted.
func (c *collector) copies(leaveOut bool) {
	isCopy := func(e gold.Entry) bool {
		i, ok := c.seen[[2]string{"english", e.Key}]
		return ok && e.Language != "english" && e.Summary == c.entries[i].Summary && e.Text == c.entries[i].Text
	}
	var others []gold.Entry
	for _, e := range c.entries {
		if !isCopy(e) {
			others = append(others, e)
			continue
		}
		c.result.Copies[e.Language]++
		if leaveOut {
			if c.result.ByLang[e.Language]--; c.result.ByLang[e.Language] == 0 {
				delete(c.result.ByLang, e.Language)
			}
		}
	}
	if leaveOut {
		c.entries, c.seen = others, nil // which has their places before
	}
}

// people are those who wrote pages and those who translated them, by language.
type people map[string]map[string]bool

const wrote = "" // the key of the authors

// address is an e-mail address in a name, which is nobody's to pass on.
var address = regexp.MustCompile(`\s*<[^>]*>`)

func (p people) add(language string, credits []credit) {
	for _, c := range credits {
		role, name := language, strings.Trim(strings.Join(strings.Fields(address.ReplaceAllString(c.name, "")), " "), " ,;")
		switch {
		case name == "":
			continue
		case !c.translator && language != "english":
			continue // the authors again, as a translator writes their names
		case !c.translator:
			role = wrote
		}
		if p[role] == nil {
			p[role] = map[string]bool{}
		}
		p[role][name] = true
	}
}

func (p people) list(role string) string {
	return strings.Join(slices.Sorted(maps.Keys(p[role])), ", ")
}

// helpLicence is the note that goes with a crawl of the help.
func helpLicence(name string, authors people) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Whose text this is

The articles are the pages of GNOME's user help (`+"`gnome-help`"+`), from Debian's package `+"`%s`"+`, under the licence
[Creative Commons Attribution-ShareAlike 3.0 Unported](https://creativecommons.org/licenses/by-sa/3.0/), as the package's copyright file and the pages say.
Whoever passes them on, changed or not, names their authors and this licence, says what was changed, and does so under the same licence.

What was changed: of each page its title, its description (the summary) and its paragraphs (the text) were kept, without markup, section titles, pictures and
remarks. Where a link shows the title of the page that it leads to, that title stands.

## Authors
%s.

## Translators
`, name, authors.list(wrote))
	for _, language := range slices.Sorted(maps.Keys(authors)) {
		if language != wrote {
			fmt.Fprintf(&b, "- %s: %s\n", language, authors.list(language))
		}
	}
	return b.String()
}
