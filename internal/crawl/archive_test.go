package crawl

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/testkit"
	"crosssum/schemas"
)

// tarred is a tar of files given as name, content, name, content, ...
func tarred(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		h := &tar.Header{Name: files[i], Typeflag: tar.TypeReg, Size: int64(len(files[i+1])), Mode: 0o644}
		if strings.HasSuffix(files[i], "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// crawlOf is a crawl with files, and the crawl root.
func crawlOf(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		write(t, filepath.Join(root, "c", name), content)
	}
	return root
}

func open(t *testing.T, root string) *Folder {
	t.Helper()
	f, err := Open([]string{root}, "c")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestATarOfCrawlFilesReadsAsTheFilesThemselves(t *testing.T) {
	train, val := row("a", "x")+row("b", "y")+"bad\n", row("c", "x")+row("a", "z")
	german := testkit.Pack(t, ".gz", []byte(row("d", "x")))
	plain := open(t, crawlOf(t, map[string]string{"english_train.jsonl": train, "english_val.jsonl": val, "german.jsonl.gz": string(german)}))
	want, err := plain.Files(nil)
	if err = errors.Join(err, plain.Digest(want, func(int64) error { return nil })); err != nil {
		t.Fatal(err)
	}
	archive := tarred(t, "corpus/", "", "corpus/README.md", strings.Repeat("read me\n", 200), "corpus/english_val.jsonl", val, "corpus/._english_val.jsonl", "resource fork",
		"./corpus/deep/english_train.jsonl", train, "german.jsonl.gz", string(german))
	for _, ending := range []string{"", ".gz", ".xz", ".zst"} {
		f := open(t, crawlOf(t, map[string]string{"any_name v2.0.tar" + ending: string(testkit.Pack(t, ending, archive))}))
		files, err := f.Files(nil)
		if err = errors.Join(err, f.Digest(files, func(int64) error { return nil })); err != nil || len(files) != len(want) {
			t.Fatalf("%q: %v, %v", ending, files, err)
		}
		for i, c := range files {
			if c.Digest != want[i].Digest || c.Bytes != want[i].Bytes || c.Language != want[i].Language || c.Split != want[i].Split || filepath.Base(c.Path) != want[i].Path {
				t.Errorf("%q: %+v, wanted %+v", ending, c, want[i])
			}
		}
		for _, language := range [][2]int{{0, 2}, {2, 3}} {
			in, out, err := ingest(t, f, files[language[0]:language[1]], roomy)
			wanted, outWanted, err2 := ingest(t, plain, want[language[0]:language[1]], roomy)
			if err = errors.Join(err, err2); err != nil || fmt.Sprint(in.Counts()) != fmt.Sprint(wanted.Counts()) {
				t.Errorf("%q: %v, wanted %v; %v", ending, in.Counts(), wanted.Counts(), err)
			}
			for _, name := range []string{"articles.arrow", "rejects.arrow", "files.json"} {
				a, _ := os.ReadFile(filepath.Join(out, name))
				if b, _ := os.ReadFile(filepath.Join(outWanted, name)); !bytes.Equal(a, b) || len(a) == 0 {
					t.Errorf("%q: %s has other bytes than of the files themselves", ending, name)
				}
			}
		}
		passed, err := f.PassedOver()
		if err != nil || len(passed) != 1 || passed[0].Name != "any_name v2.0.tar"+ending+"/corpus/README.md" {
			t.Errorf("%q: passed over %v, %v", ending, passed, err)
		}
	}
}

func TestXLSumIsReadAsItIsDistributed(t *testing.T) {
	root := crawlOf(t, map[string]string{"english_XLSum_v2.0.tar.bz2": fixture(t, "xlsum.tar.bz2"), "hindi.jsonl": row("h", "x")})
	checked, err := Check(context.Background(), filepath.Join(root, "c"), nil, roomy, func(string, int64) {})
	if err != nil || len(checked.Faults) != 0 || len(checked.Passed) != 0 || checked.Accepted != 4 || len(checked.Languages) != 2 || checked.Languages[0].Files != 3 {
		t.Errorf("%+v, %v", checked, err)
	}
	files, err := open(t, root).Files([]string{"english"})
	if err != nil || len(files) != 3 || files[0].Path != "english_XLSum_v2.0.tar.bz2/english_test.jsonl" || files[0].Split != "test" {
		t.Errorf("%+v, %v", files, err)
	}
	if entries, _ := os.ReadDir(filepath.Join(root, "c")); len(entries) != 2 {
		t.Errorf("something was unpacked to the disk: %v", entries)
	}
}

func TestFilesOfAnArchiveThatNoRuleReadsAreToldToo(t *testing.T) {
	f := open(t, crawlOf(t, map[string]string{"old.tgz": "", "old.TBZ2": "", "x.tar": string(tarred(t, "danish.json", "{}", "dutch-dev.ndjson.xz", "", "notes/a.txt", "",
		"english.jsonl", row("a", "x"), ".hidden", "", "inner.tar", ""))}))
	passed, err := f.PassedOver()
	want := []Passed{{"old.TBZ2", "old.tar.bz2"}, {"old.tgz", "old.tar.gz"}, {"x.tar/danish.json", "danish.jsonl"}, {"x.tar/dutch-dev.ndjson.xz", "dutch_val.jsonl.xz"},
		{"x.tar/inner.tar", ""}, {"x.tar/notes/a.txt", ""}}
	if err != nil || !slices.Equal(passed, want) {
		t.Errorf("%v, %v", passed, err)
	}
}

func TestWhatIsWrongWithAnArchiveIsSaid(t *testing.T) {
	good := tarred(t, "english.jsonl", row("a", "x"), "english_val.jsonl", row("b", "x"))
	link := func(kind byte) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		w.WriteHeader(&tar.Header{Name: "english.jsonl", Linkname: "/etc/passwd", Typeflag: kind})
		w.Close()
		return b.Bytes()
	}
	var many []string
	for i := range maxMembers + 1 {
		many = append(many, fmt.Sprint(i), "")
	}
	small := roomy
	small.MaxFileBytes = 8 << 20
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"cut off in a member":                {good[:512+10], "beyond member 0, where it ends too early: is it truncated?"},
		"cut off behind a member":            {good[:1024], "beyond member 1, where it ends too early: is it truncated?"},
		"cut off in a header":                {good[:1200], "beyond member 1, where it ends too early"},
		"empty":                              {nil, "beyond member 0, where it ends too early"},
		"no tar":                             {bytes.Repeat([]byte("text "), 1000), "is it damaged?"},
		"a second archive behind it":         {append(bytes.Clone(good), good...), "something follows its end"},
		"a path that leads out":              {tarred(t, "../../english.jsonl", row("a", "x")), "leads out of the archive"},
		"a path from the root":               {tarred(t, "/data/english.jsonl", row("a", "x")), "leads out of the archive"},
		"a long path":                        {tarred(t, strings.Repeat("d/", 300)+"english.jsonl", row("a", "x")), "over 512 bytes"},
		"a path that is no UTF-8":            {tarred(t, "\xff/english.jsonl", row("a", "x")), "no UTF-8"},
		"a link":                             {link(tar.TypeSymlink), "not a regular file"},
		"a hard link":                        {link(tar.TypeLink), "not a regular file"},
		"a device":                           {link(tar.TypeChar), "not a regular file"},
		"a language twice":                   {tarred(t, "a/english.jsonl", row("a", "x"), "b/english.jsonl", row("a", "x")), "keep one"},
		"an unknown language":                {tarred(t, "klingon.jsonl", row("a", "x")), "klingon"},
		"a split of another name":            {tarred(t, "english_validation.jsonl", row("a", "x")), "english_val.jsonl it would be read"},
		"no crawl file":                      {tarred(t, "README", "x"), "no <language>"},
		"more than the limit in two members": {tarred(t, "english.jsonl", strings.Repeat("x", 5<<20), "notes", strings.Repeat("x", 5<<20)), "ingest.max_file_bytes"},
		"a hole of more than the limit":      {sparse(), "ingest.max_file_bytes"},
		"too many files":                     {tarred(t, many...), "over 10000 files"},
	} {
		for _, ending := range []string{"", ".gz", ".zst"} {
			f := open(t, crawlOf(t, map[string]string{"x.tar" + ending: string(testkit.Pack(t, ending, c.archive))}))
			f.Archives.Limits = small
			_, err := f.Files(nil)
			var input *InputError
			if !errors.As(err, &input) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "crawl c") || name != "no crawl file" && !strings.Contains(err.Error(), "x.tar"+ending) {
				t.Errorf("%s%s: %v, wanted %q", name, ending, err, c.want)
			}
		}
	}
	f := open(t, crawlOf(t, map[string]string{"english.jsonl": row("a", "x"), "x.tar": string(good)}))
	if _, err := f.Files(nil); err == nil || !strings.Contains(err.Error(), `"english.jsonl" and "x.tar/english.jsonl" are one language and split`) {
		t.Errorf("beside a file of the folder: %v", err)
	}
}

// sparse is a tar of 3 KiB whose one file says that it has a hole of 2^60 bytes.
func sparse() []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	record := func(s string) string { // of PAX: length, which counts itself, and what follows
		n := len(s) + 3
		for len(fmt.Sprint(n))+len(s)+2 != n {
			n = len(fmt.Sprint(n)) + len(s) + 2
		}
		return fmt.Sprintf("%d %s\n", n, s)
	}
	pax := record("GNU.sparse.major=1") + record("GNU.sparse.minor=0") + record("GNU.sparse.name=english.jsonl") + record("GNU.sparse.realsize=1152921504606846976")
	body := "1\n0\n0\n"
	w.WriteHeader(&tar.Header{Name: "PaxHeaders.0/english.jsonl", Typeflag: tar.TypeReg, Size: int64(len(pax)), Format: tar.FormatUSTAR})
	io.WriteString(w, pax)
	w.WriteHeader(&tar.Header{Name: "GNUSparseFile.0/english.jsonl", Typeflag: tar.TypeReg, Size: 512, Format: tar.FormatUSTAR})
	io.WriteString(w, body+strings.Repeat("\x00", 512-len(body)))
	w.Close()
	raw := b.Bytes()
	raw[156] = tar.TypeXHeader // which the writer does not let through
	sum := 0
	copy(raw[148:156], "        ")
	for _, c := range raw[:512] {
		sum += int(c)
	}
	copy(raw[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return raw
}

func TestABombInAnArchiveEndsAtTheLimit(t *testing.T) {
	for name, files := range map[string][]string{"a crawl file": {"english.jsonl", strings.Repeat("\x00", 32<<20)}, "another": {"notes", strings.Repeat("\x00", 32<<20), "english.jsonl", row("a", "x")}} {
		for _, ending := range []string{".gz", ".xz", ".zst"} {
			f := open(t, crawlOf(t, map[string]string{"x.tar" + ending: string(testkit.Pack(t, ending, tarred(t, files...)))}))
			f.Archives.Limits = roomy
			f.Archives.Limits.MaxFileBytes = 4 << 20
			var read int64
			f.Archives.Progress = func(n int64) error { read += n; return nil }
			if _, err := f.Files(nil); err == nil || !strings.Contains(err.Error(), "max_file_bytes") || read > 5<<20 {
				t.Errorf("%s%s: %v, after %d bytes", name, ending, err, read)
			}
		}
	}
	var folders []string
	for i := range 9000 { // of 512 bytes each, and in the size of no member
		folders = append(folders, fmt.Sprint(i, "/"), "")
	}
	for name, archive := range map[string][]byte{"zeros behind its end": append(tarred(t, "english.jsonl", row("a", "x")), make([]byte, 32<<20)...),
		"folders alone": tarred(t, append(folders, "english.jsonl", row("a", "x"))...), "zeros and no member": make([]byte, 32<<20)} {
		for _, ending := range []string{"", ".gz", ".xz", ".zst"} {
			f := open(t, crawlOf(t, map[string]string{"x.tar" + ending: string(testkit.Pack(t, ending, archive))}))
			f.Archives.Limits = roomy
			f.Archives.Limits.MaxFileBytes = 4 << 20
			if _, err := f.Files(nil); err == nil || !strings.Contains(err.Error(), `{"ingest": {"max_file_bytes": 8388608}}`) {
				t.Errorf("%s%s: %v", name, ending, err)
			}
		}
	}
	f := open(t, crawlOf(t, map[string]string{"x.tar.zst": string(testkit.Pack(t, ".zst", tarred(t, "english.jsonl", row("a", "x"))))}))
	f.Archives.Limits = roomy
	f.Archives.Limits.MaxWindowBytes = 1024
	if _, err := f.Files(nil); err == nil || !strings.Contains(err.Error(), "max_window_bytes") {
		t.Errorf("a window: %v", err)
	}
}

func TestAnArchiveIsListedOnceAndReadAsItWas(t *testing.T) {
	archive := testkit.Pack(t, ".gz", tarred(t, "english.jsonl", row("a", "x"), "english_val.jsonl", row("b", "x")))
	root := crawlOf(t, map[string]string{"x.tar.gz": string(archive)})
	listing := func() (files []schemas.CrawlFile, unpacked int64) {
		f := open(t, root)
		f.Archives.Progress = func(n int64) error { unpacked += n; return nil }
		files, err := f.Files(nil)
		if err != nil {
			t.Fatal(err)
		}
		return files, unpacked
	}
	files, first := listing()
	if _, second := listing(); first <= second || second > int64(len(archive)) {
		t.Errorf("first %d bytes were read, then %d", first, second)
	}
	stopped := errors.New("stopped")
	f := open(t, crawlOf(t, map[string]string{"x.tar": string(tarred(t, "english.jsonl", row("other", "x")))}))
	f.Archives.Progress = func(int64) error { return stopped }
	if _, err := f.Files(nil); !errors.Is(err, stopped) {
		t.Errorf("a scan that is to end: %v", err)
	}
	for name, now := range map[string][]byte{
		"another row":        testkit.Pack(t, ".gz", tarred(t, "english.jsonl", row("a", "y"), "english_val.jsonl", row("b", "x"))),
		"without the member": testkit.Pack(t, ".gz", tarred(t, "english_val.jsonl", row("b", "x"))),
		"cut off":            archive[:len(archive)/2],
		"no archive":         []byte("text"),
	} {
		write(t, filepath.Join(root, "c", "x.tar.gz"), string(now))
		_, _, err := ingest(t, open(t, root), files[:1], roomy)
		var input *InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), "start the run again") || !strings.Contains(err.Error(), "x.tar.gz/english.jsonl") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
