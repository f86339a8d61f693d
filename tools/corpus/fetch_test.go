package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/mining/gold"
)

func TestTranslationRecordsBecomeSummaryAndParagraphs(t *testing.T) {
	text := "Package: 0ad\nDescription-md5: d94\nDescription-fr: jeu de stratégie\n 0 A.D est un jeu\n de stratégie.\n .\n Deuxième\n paragraphe :\n  * un point\n  * un autre\n  suite\n\n" +
		"Package: nodescription\nDescription-md5: aa\n\nPackage: last\nDescription-md5: bb\nDescription-fr: dernier\n texte"
	var got []gold.Entry
	if err := readTranslation(strings.NewReader(text), "french", func(e gold.Entry) { got = append(got, e) }); err != nil {
		t.Fatal(err)
	}
	want := gold.Entry{Language: "french", Key: "ddtp:d94", Packages: []string{"0ad"}, Summary: "jeu de stratégie", Text: "0 A.D est un jeu de stratégie.\nDeuxième paragraphe :\n* un point\n* un autre\nsuite"}
	if len(got) != 2 || fmt.Sprint(got[0]) != fmt.Sprint(want) || got[1].Text != "texte" {
		t.Errorf("%+q", got)
	}
}

func TestWrappedChineseAndJapaneseLinesMeetWithoutASpace(t *testing.T) {
	for _, c := range [][3]string{{"コー", "スが", "コースが"}, {"游戏", "引擎", "游戏引擎"}, {"게임", "엔진", "게임 엔진"}, {"PCB", "は", "PCB は"}} {
		if got := paragraphs(c[:2]); got != c[2] {
			t.Errorf("got %q, want %q", got, c[2])
		}
	}
}

func TestComponentsJoinSpellingsOfOneLanguageAndKeepScriptsApart(t *testing.T) {
	text := "---\nFile: DEP-11\nVersion: '0.16'\n---\nID: org.x\nPackage: x\nSummary:\n  C: A thing\n  pt-BR: Coisa\n  sr@latin: Stvar\n  sr: Ствар\n  no: Ting\n  xx: huh\n" +
		"Description:\n  C: >-\n    <p>It is &lt;b&gt; a   <em>thing</em>.</p>\n    <ul>\n      <li>one</li>\n      <li>two</li>\n    </ul>\n  pt_BR: <p>Uma coisa</p>\n  sr-Latn: <p>Stvar je</p>\n  sr: <p>Ствар је</p>\n  nb: <p>En ting</p>\n  de: <p>nur Text</p>\n"
	got, unknown := map[string]gold.Entry{}, map[string]int{}
	if err := readComponents(strings.NewReader(text), func(e gold.Entry) { got[e.Language] = e }, unknown); err != nil {
		t.Fatal(err)
	}
	if len(got) != 5 || got["portuguese_brazil"].Summary != "Coisa" || got["serbian_latin"].Text != "Stvar je" || got["serbian_cyrillic"].Text != "Ствар је" || got["norwegian"].Summary != "Ting" {
		t.Errorf("%+q", got)
	}
	if got["english"].Text != "It is <b> a thing.\none\ntwo" || got["english"].Key != "appstream:org.x" || unknown["xx"] != 1 {
		t.Errorf("%+q, %v", got["english"], unknown)
	}
}

func TestTheMachinesOwnArchiveIsFound(t *testing.T) {
	for name, c := range map[string][2]string{
		"sources.list":                {"# deb http://old/debian bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] http://mirror/debian bookworm main contrib\n", "{http://mirror/debian /k.gpg}"},
		"sources.list.d/debian.list":  {"deb http://security/debian-security bookworm-security main\ndeb http://m/debian/ trixie main", "{http://m/debian/ }"},
		"sources.list.d/d.sources":    {"Types: deb\nURIs: http://x/debian-security\nSuites: bookworm-security\n\nTypes: deb deb-src\n# note\nURIs: http://m/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /k.gpg\n", "{http://m/debian /k.gpg}"},
		"sources.list.d/node.sources": {"Types: deb\nURIs: http://node/node\nSuites: nodistro\n", ""},
	} {
		etc := t.TempDir()
		write(t, filepath.Join(etc, "apt", name), c[0])
		s, err := findSource(etc)
		if (err == nil) != (c[1] != "") || err == nil && fmt.Sprint(s) != c[1] || err != nil && !strings.Contains(err.Error(), "--mirror") {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

func TestNothingOfAUserCanEnterAptsConfiguration(t *testing.T) {
	for _, c := range []FetchOptions{{Suite: "book worm"}, {Suite: "../x"}, {Suite: "bookworm\"; x"}, {Suite: "bookworm", Mirror: "http://m/debian main\ndeb http://other"}} {
		if _, err := newApt(t.TempDir(), source{uri: c.Mirror}, c.Suite, func(string) {}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	dir := t.TempDir()
	if _, err := Fetch(t.Context(), FetchOptions{Suite: "bookworm", Output: dir}, func(string) {}); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("an existing folder was taken: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Error("and written to")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}
