package gold

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/internal/testkit"
	"crosssum/schemas"
)

// texts is "language id key packages summary" a line; an empty key leaves the article out of the gold.
const texts = `english e1 ddtp:1 p1|small editor for text files
english e2 ddtp:2 p2|transitional package
english e3 ddtp:3 p3|transitional package
english e4 ddtp:4 p4|game of chess for one
english e5 ddtp:5 p5|plays music from disks
english e6 ddtp:6 p6|draws a map of the world
english e7 - -|not in the gold
french f1 ddtp:1 p1|petit éditeur de texte
french f2 ddtp:2 p2|paquet de transition
french f3 ddtp:3 p3|paquet de transition
french f4 ddtp:4 p4|game of chess for one
french f5 appstream:5 p5,q5|joue la musique des disques
french f6 ddtp:6 p6|dessine une carte du monde
french f8 ddtp:8 p8|dessine une carte du ciel
german d1 ddtp:1 p1|kleiner Editor
`

func input(t *testing.T, pairs ...string) Input {
	t.Helper()
	dir := t.TempDir()
	in := Input{Languages: []string{"english", "french", "german"}, Pairs: filepath.Join(dir, "pairs"), Gold: filepath.Join(dir, "gold")}
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	writer.Write([]byte("language\tid\tkey\tpackages\nenglish\tgone\tddtp:8\tp8\n"))
	rows := map[string][]schemas.ArticleRow{}
	for _, line := range strings.Split(strings.TrimSpace(texts), "\n") {
		head, summary, _ := strings.Cut(line, "|")
		f := strings.Fields(head)
		rows[f[0]] = append(rows[f[0]], schemas.ArticleRow{Language: f[0], ID: f[1], URL: "u", Title: "t", Summary: summary, Text: "x", Digest: "d"})
		if f[2] != "-" {
			writer.Write([]byte(strings.Join(f, "\t") + "\n"))
		}
	}
	writer.Close()
	zipped.Write(make([]byte, 512)) // as gzip -t takes it
	must(t, os.WriteFile(in.Gold, zipped.Bytes(), 0o644))
	for _, l := range in.Languages {
		path := filepath.Join(dir, l)
		in.Articles = append(in.Articles, path)
		must(t, arrowfile.WriteRows(path, len(rows[l]), func(i int) schemas.ArticleRow { return rows[l][i] }))
	}
	sort.Strings(pairs)
	must(t, arrowfile.WriteRows(in.Pairs, len(pairs), func(i int) schemas.PairRow {
		f := strings.Fields(pairs[i])
		return schemas.PairRow{SourceLanguage: f[0], SourceID: f[1], TargetLanguage: f[2], TargetID: f[3],
			Score: 1, Margin: 1, Rule: "margin", Component: "c"}
	}))
	return in
}

func TestPairsAreRightByKeyOrByClassOrNeither(t *testing.T) {
	got, err := Score(input(t,
		"english e1 french f1", // right by key
		"english e2 french f3", // right by class: e3 says the same and belongs to f3
		"english e5 french f5", // package and application: neither
		"english e6 french f8", // wrong: f8 differs from the true f6 by a word
		"english e7 french f6", // not judged
		"english e1 german d1",
	))
	must(t, err)
	pair := got.Pairs[0]
	if pair.Source != "english" || pair.Target != "french" || len(got.Pairs) != 3 {
		t.Fatalf("pairs %+v", got.Pairs)
	}
	// Gold: e1-f1 e2-f2 e3-f3 e4-f4 e6-f6; e5-f5 have other keys, "gone" was not accepted by ingest.
	if want := (Judged{Accepted: 4, Neither: 1, Right: 1, Gold: 5, Found: 1, Precision: 1. / 3, Recall: 1. / 5}); pair.ByKey != want {
		t.Errorf("by key %+v, want %+v", pair.ByKey, want)
	}
	if want := (Judged{Accepted: 4, Neither: 1, Right: 2, Gold: 5, Found: 3, Precision: 2. / 3, Recall: 3. / 5}); pair.ByClass != want {
		t.Errorf("by class %+v, want %+v", pair.ByClass, want)
	}
	if want := (Reasons{Sibling: 1}); got.English.Wrong != want {
		t.Errorf("wrong %+v, want %+v", got.English.Wrong, want)
	}
	if want := (Reasons{Sibling: 1, Untranslated: 1}); got.English.Missed != want { // e6-f6, e4-f4
		t.Errorf("missed %+v, want %+v", got.English.Missed, want)
	}
	if want := (Corpus{Judged: 14, NotInGold: 1, SharedClass: 4, Untranslated: 1}); got.Corpus != want {
		t.Errorf("corpus %+v, want %+v", got.Corpus, want)
	}
	if got.English.LanguagePairs != 2 || got.All.LanguagePairs != 3 || got.All.ByKey.Gold != 7 || got.English.ByKey.Right != 2 {
		t.Errorf("sums %+v and %+v", got.English, got.All)
	}
}

func TestSiblingsDifferByOneWordAnAdditionOrAFewLetters(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Cyrillic font for KOI8-U", "Cyrillic font for KOI8-R", true},
		{"library for parsing of XML", "library for parsing XML", true},
		{"lookups in a directory", "lookups in a directory - Python version", true},
		{"plays music", "draws maps", false},
		{"game of chess", "game of two cards", false},
		{"csv2rec", "csv3rec", true},
		{"GNOME", "KDE", false},
		{"端末エミュレータ一", "端末エミュレータ二", true},
	} {
		if got := sibling(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func TestABadGoldFileIsInvalidInput(t *testing.T) {
	in := input(t)
	for _, content := range []string{"", "english\te1\tk\n", "language\tid\tkey\tpackages\nenglish\te1\n",
		"language\tid\tkey\tpackages\nenglish\te1\tk\tp\nenglish\te1\tk\tp\n", "\x1f\x8b not gzip"} {
		must(t, os.WriteFile(in.Gold, []byte(content), 0o644))
		_, err := Score(in)
		var typed *fault.Error
		if !errors.As(err, &typed) || typed.Type != schemas.InvalidInput {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestAGoldFileIsBoundedInBytesAndRows(t *testing.T) {
	in := input(t)
	defer func(bytes, rows int64) { maxBytes, maxRows = bytes, rows }(maxBytes, maxRows)
	for _, c := range []struct {
		bytes, rows int64
		want        string
	}{{1 << 20, 14, "gold: over 14 rows"}, {100, 100, "gold: larger than 100 bytes"}, {1 << 20, 15, ""}} {
		maxBytes, maxRows = c.bytes, c.rows
		_, err := Score(in)
		var typed *fault.Error
		if (err == nil) != (c.want == "") || err != nil && (!errors.As(err, &typed) || typed.Type != schemas.InvalidInput || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

var must = testkit.Must
