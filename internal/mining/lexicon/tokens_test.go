package lexicon

import (
	"strings"
	"testing"
)

func hashes(texts ...string) map[uint32]bool {
	var s scanner
	out := map[uint32]bool{}
	for _, h := range s.tokens(texts...) {
		out[h] = true
	}
	return out
}

// one is the hash of a text of one token.
func one(t *testing.T, text string) uint32 {
	t.Helper()
	found := hashes(text)
	if len(found) != 1 {
		t.Fatalf("%q has %d tokens", text, len(found))
	}
	for h := range found {
		return h
	}
	return 0
}

func TestTokensAreWhatStandsInTextsOfAnyLanguage(t *testing.T) {
	for text, wanted := range map[string][]string{
		"Установите пакет libfoo2-dev 3.14 с https://example.org/a/b?c=1.": {"libfoo2", "dev", "3", "14", "example", "org"},
		"GNOME を起動します。ＧＴＫ４ 版":                                              {"gnome", "gtk4"},
		"الإصدار ١٢٣ من Firefox":                                           {"123", "firefox"},
		"संस्करण २.० XML_Parser":                                           {"2", "0", "xml_parser"},
		"is it so":              {},
		"":                      {},
		"das Modul Net::SSLeay": {"das", "modul", "net", "ssleay"},
	} {
		found := hashes(text)
		for _, token := range wanted {
			if !found[one(t, token)] {
				t.Errorf("%q: no %q", text, token)
			}
		}
		if len(wanted) == 0 && len(found) > 0 {
			t.Errorf("%q: %d tokens", text, len(found))
		}
	}
	if a, b := hashes("siehe https://example.org/a?b=1"), hashes("см. HTTPS://Example.org/a?b=1 ."); len(a) < 3 || len(b) < 3 {
		t.Errorf("%d and %d tokens", len(a), len(b))
	} else {
		shared := 0
		for h := range a {
			if b[h] {
				shared++
			}
		}
		if shared < 5 { // the URL as a whole, too
			t.Errorf("%d tokens are shared by %v and %v", shared, a, b)
		}
	}
}

func TestDumpsAndLongTextsAreBounded(t *testing.T) {
	for name, text := range map[string]string{
		"base64 in one line": strings.Repeat("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo", 100000),
		"hex in one line":    strings.Repeat("0f3a9cde", 500000),
		"one letter":         strings.Repeat("x", 4<<20),
		"joiners":            strings.Repeat("://", 1<<20),
		"combining marks":    strings.Repeat("e\u0301", 1<<20)[:1<<20],
	} {
		if found := hashes(text); len(found) > 1 {
			t.Errorf("%s: %d tokens", name, len(found))
		}
	}
	for name, text := range map[string]string{
		"base64 in lines": strings.Repeat("QUJDREVGR0hJSktMTU5PUFFSU1RV/VldYWVo+aGVsbG8K\n", 100000),
		"hex dump":        strings.Repeat("00000010  0f 3a 9c de 0f 3a 9c de\n", 100000),
		"4 MB of words":   strings.Repeat("alpha beta 12 gamma-delta ", 160000),
	} {
		if found := hashes(text); len(found) == 0 || len(found) > Characters/2 {
			t.Errorf("%s: %d tokens", name, len(found))
		}
	}
	for text, wanted := range map[string]int{
		strings.Repeat("x", 64) + " end":                 2,
		strings.Repeat("x", 65) + " end":                 1,
		strings.Repeat("f0", 40) + " end":                1,
		"https://" + strings.Repeat("ab1/", 50) + " end": 4, // https, ab1, the URL, end
		"https://" + strings.Repeat("ab1/", 80) + " end": 3,
		strings.Repeat("ab1/", 50) + " end":              2, // no URL
	} {
		if got := len(hashes(text)); got != wanted {
			t.Errorf("%.70s...: %d tokens, wanted %d", text, got, wanted)
		}
	}
	long := strings.Repeat("ы", Characters) + " libfoo"
	if len(hashes(long)) != 0 {
		t.Error("a token behind the first characters was taken")
	}
	if cut := strings.Repeat("ы", Characters-3) + " libfoo"; len(hashes(cut)) != 0 {
		t.Error("a token that the limit cuts was taken")
	}
}
