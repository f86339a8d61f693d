package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crosssum/internal/crawl"
	"crosssum/internal/mining/gold"
	"crosssum/internal/testkit"
	"crosssum/tools/articles"
)

// helpDeb is a package with these files of /usr/share/help.
func helpDeb(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var members []any
	for _, name := range slices.Sorted(maps.Keys(files)) {
		members = append(members, tar.Header{Name: "./usr/share/help/" + name, Typeflag: tar.TypeReg}, files[name])
	}
	return debOf(".xz", string(testkit.Pack(t, ".xz", []byte(tarOf(t, members...)))))
}

func says(what string) string { return mallardPage("<desc>"+what+"</desc>", "<p>text of "+what+"</p>") }

// smallHelp has the traps of the real one.
func smallHelp() map[string]string {
	return map[string]string{
		"C/gnome-help/keys.page": says("keys"), "C/gnome-help/mouse.page": says("mouse"), "C/gnome-help/power.page": says("power"),
		"C/gnome-help/guide.page": mallardPage("<desc>guide</desc>", "<links type='topic'/>"), "C/gnome-help/nodesc.page": mallardPage("", "<p>x</p>"),
		"de/gnome-help/keys.page": says("Tasten"), "de/gnome-help/power.page": says("Strom"), // and no mouse
		"hi/gnome-help/keys.page": says("keys"), "hi/gnome-help/mouse.page": says("mouse"), // copied from English
		"hi/gnome-help/power.page":      mallardPage("<desc>power</desc>", "<p>बिजली</p>"), // its description alone
		"sr/gnome-help/keys.page":       says("Тастери"),
		"sr@latin/gnome-help/keys.page": mallardPage("<desc>Tasteri</desc>", "<p>v. <link xref='keys'/></p>"), "zh_CN/gnome-help/keys.page": says("键"), "xx/gnome-help/keys.page": says("huh"),
		"de/gnome-help/only.page": says("nur hier"), "de/system-admin-guide/keys.page": says("no"), "C/gnome-help/legal.xml": "<no", "C/gnome-help/figures/a.page": "<no",
	}
}

func TestPagesOfANameAreTranslationsOfEachOther(t *testing.T) {
	dir := t.TempDir()
	entries, licence, result, err := readHelp("help.deb", helpDeb(t, smallHelp()), false)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "crawls", "help")
	if err := WriteCrawl(folder, "test", licence, entries); err != nil {
		t.Fatal(err)
	}
	known, err := gold.Read(goldPath(folder))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	err = articles.Each(folder, func(language string, a crawl.Article) error {
		k := known[language][a.ID]
		if a.Title != "Its title" || strings.Contains(a.ID+a.URL, "keys") || len(k.Packages) != 0 {
			t.Errorf("%+v, %+v", a, k)
		}
		got[k.Key] = append(got[k.Key], language+": "+a.Summary+" / "+a.Text)
		return nil
	})
	want := map[string][]string{
		"gnome-help:keys": {"chinese_simplified: 键 / text of 键", "english: keys / text of keys", "german: Tasten / text of Tasten", "hindi: keys / text of keys",
			"serbian_cyrillic: Тастери / text of Тастери", "serbian_latin: Tasteri / v. Its title"},
		"gnome-help:mouse": {"english: mouse / text of mouse", "hindi: mouse / text of mouse"},
		"gnome-help:power": {"english: power / text of power", "german: Strom / text of Strom", "hindi: power / बिजली"},
		"gnome-help:only":  {"german: nur hier / text of nur hier"},
	}
	if err != nil || !maps.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("%v\n%q", err, got)
	}
	if result.Articles != 12 || result.Keys != 4 || result.Short != 2 || len(result.ByLang) != 6 || result.Unknown["xx"] != 1 || fmt.Sprint(result.Copies) != "map[hindi:2]" {
		t.Errorf("%+v", result)
	}
	note, err := os.ReadFile(filepath.Join(folder, "LICENSE.md"))
	if err != nil || !strings.Contains(string(note), "ShareAlike 3.0") || !strings.Contains(string(note), "help.deb") || !strings.Contains(string(note), "A. Author") {
		t.Errorf("%s, %v", note, err)
	}
}

func TestPagesThatNobodyTranslatedAreLeftOutWhereThatIsWanted(t *testing.T) {
	for _, c := range []struct {
		language, name, page string
		copies               int
	}{
		{"hi", "keys", says("keys"), 1}, {"he", "power", says("power"), 1}, {"tr", "mouse", strings.Replace(says("mouse"), "<p>", "<p>\n ", 1), 1}, // other white space
		{"hi", "keys", says("Keys"), 0}, {"hi", "keys", says("mouse"), 0}, {"hi", "keys", mallardPage("<desc>keys</desc>", "<p>other</p>"), 0},
		{"hi", "keys", mallardPage("<desc>कुंजी</desc>", "<p>text of keys</p>"), 0}, {"hi", "unheard-of", says("keys"), 0},
	} {
		files := map[string]string{"C/gnome-help/keys.page": says("keys"), "C/gnome-help/mouse.page": says("mouse"), "C/gnome-help/power.page": says("power"),
			c.language + "/gnome-help/" + c.name + ".page": c.page}
		for _, without := range []bool{false, true} {
			entries, _, result, err := readHelp("help.deb", helpDeb(t, files), without)
			want := 4
			if without {
				want -= c.copies
			}
			if copies := slices.Collect(maps.Values(result.Copies)); err != nil || len(entries) != want || result.Articles != want || len(copies) != c.copies || len(result.ByLang) != want-2 {
				t.Errorf("%s/%s, without them %v: %d articles, %+v, %v", c.language, c.name, without, len(entries), result, err)
			}
		}
	}
}

func TestNoPageIsTakenThatAPackageMayNotHave(t *testing.T) {
	good, at := tar.Header{Name: "./usr/share/help/C/gnome-help/keys.page", Typeflag: tar.TypeReg}, "./usr/share/help/de/gnome-help/keys.page"
	for name, c := range map[string]struct {
		h    tar.Header
		body string
		want string
	}{
		"a link":         {tar.Header{Name: at, Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, "", "no regular file"},
		"a hard link":    {tar.Header{Name: at, Typeflag: tar.TypeLink, Linkname: good.Name}, "", "no regular file"},
		"a pipe":         {tar.Header{Name: at, Typeflag: tar.TypeFifo}, "", "no regular file"},
		"a large one":    {tar.Header{Name: at, Typeflag: tar.TypeReg}, says(strings.Repeat("x", maximumPage)), "at most 1048576"},
		"a second":       {good, says("other"), "second page of this name"},
		"under two ways": {tar.Header{Name: strings.TrimPrefix(good.Name, "./"), Typeflag: tar.TypeReg}, says("other"), "second page of this name"},
		"damaged":        {tar.Header{Name: at, Typeflag: tar.TypeReg}, "<page", "XML"},
	} {
		_, _, _, err := readHelp("help.deb", debOf("", tarOf(t, good, says("keys"), c.h, c.body)), false)
		if err == nil || !strings.HasPrefix(err.Error(), "help.deb, member \""+c.h.Name) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range []string{"./usr/share/help/../gnome-help/keys.page", "./usr/share/help/de/gnome-help/../keys.page", "/usr/share/help/de/gnome-help/keys.page",
		"../usr/share/help/de/gnome-help/keys.page", "./usr/share/help/de/gnome-help/" + strings.Repeat("k", 129) + ".page", "./usr/share/help/de/gnome-help/a\nb.page",
		"./usr/share/help/de/gnome-help/.page", "./usr/share/help/d.e/gnome-help/keys.page", "./etc/help/de/gnome-help/keys.page", "./usr/share/help/de/gnome-help/a\tb.page"} {
		entries, _, _, err := readHelp("help.deb", debOf("", tarOf(t, good, says("keys"), tar.Header{Name: path, Typeflag: tar.TypeReg}, "<no")), false)
		if err != nil || len(entries) != 1 {
			t.Errorf("%s: %d, %v", path, len(entries), err)
		}
	}
	for name, files := range map[string]map[string]string{"nothing": {"C/gnome-help/legal.xml": "x"}, "guides alone": {"C/gnome-help/g.page": mallardPage("<desc>d</desc>", "")}} {
		if _, _, _, err := readHelp("help.deb", helpDeb(t, files), false); err == nil || !strings.Contains(err.Error(), "no page of a help") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThePagesOfAPackageAreCounted(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	body := says("x")
	for i := range maximumPages + 1 {
		h := tar.Header{Name: fmt.Sprintf("./usr/share/help/C/gnome-help/p%d.page", i), Typeflag: tar.TypeReg, Size: int64(len(body)), Mode: 0o644}
		io.WriteString(w, headed(t, w, &h, body))
	}
	w.Close()
	if _, _, _, err := readHelp("help.deb", debOf("", b.String()), false); err == nil || !strings.Contains(err.Error(), "over 50000 pages") {
		t.Error(err)
	}
}

func TestAddressesAreNotPassedOn(t *testing.T) {
	p := people{}
	p.add("english", []credit{{"A. Author <a@example.org>", false}, {"<only@example.org>", false}, {"B <b@example.org>, 2013;", true}})
	p.add("hindi", []credit{{"ए ऑथर", false}, {"T. One,", true}})
	if got := helpLicence("help.deb", p); strings.Contains(got, "@") || !strings.Contains(got, "\nA. Author.\n") || !strings.HasSuffix(got, "- english: B, 2013\n- hindi: T. One\n") {
		t.Errorf("%s", got)
	}
}

func TestOnlyThePinnedFileIsTaken(t *testing.T) {
	body := strings.Repeat("the file ", 1000)
	sum := sha256.Sum256([]byte(body))
	p := pinned{"pool/main/g/x/x_1_all.deb", int64(len(body)), hex.EncodeToString(sum[:])}
	serves := map[string]string{"/whole/" + p.path: body, "/other/" + p.path: strings.Replace(body, "f", "F", 1), "/longer/" + p.path: body + "x", "/shorter/" + p.path: body[1:], "/empty/" + p.path: ""}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		text, ok := serves[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", time.Unix(1e9, 0), strings.NewReader(text))
	}))
	defer server.Close()
	t.Setenv("no_proxy", "*")
	work := filepath.Join(t.TempDir(), "work")
	quiet := func(string) {}
	for _, archive := range []string{"/other", "/longer", "/shorter", "/empty", "/none"} {
		b, err := fetchPinned(t.Context(), p, server.URL+archive, work, quiet)
		if err == nil || b != nil || !strings.Contains(err.Error(), "--mirror") || !strings.Contains(err.Error(), archive+"/"+p.path) {
			t.Errorf("%s: %d bytes, %v", archive, len(b), err)
		}
	}
	get := func(archive string) {
		t.Helper()
		if b, err := fetchPinned(t.Context(), p, server.URL+archive, work, quiet); err != nil || string(b) != body {
			t.Errorf("%s: %d bytes, %v", archive, len(b), err)
		}
	}
	get("/whole/")
	before := asked
	if get("/none"); asked != before {
		t.Error("it was fetched again")
	}
	for _, damaged := range []string{"", body[:100], body + "x", strings.ToUpper(body)} {
		write(t, filepath.Join(work, "x_1_all.deb"), damaged)
		before = asked
		if get("/whole"); asked == before {
			t.Errorf("%d damaged bytes were taken", len(damaged))
		}
	}
}

func TestAFlagOfTheOtherSourceIsRefused(t *testing.T) {
	for _, c := range [][3]string{{"debian", "", ""}, {"gnome-help", "", ""}, {"debian", "suite", ""}, {"gnome-help", "without-copies", ""},
		{"debian", "without-copies", "--source gnome-help"}, {"gnome-help", "suite", "--source debian"}, {"gnome", "", "gnome-help"}, {"", "", "there are"}, {"../x", "", "no source"}} {
		set := flag.NewFlagSet("", flag.ContinueOnError)
		set.String("suite", "", "")
		set.Bool("without-copies", false, "")
		if c[1] != "" {
			set.Set(c[1], "true")
		}
		name, err := crawlName(set, c[0], "trixie")
		if c[2] == "" && (err != nil || name != map[string]string{"debian": "trixie", "gnome-help": "gnome-help"}[c[0]]) || c[2] != "" && (err == nil || !strings.Contains(err.Error(), c[2])) {
			t.Errorf("%q: %q, %v", c, name, err)
		}
	}
}
