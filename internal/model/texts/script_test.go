package texts

import (
	"strings"
	"testing"
)

func TestATextsScriptIsThatOfMostOfItsLetters(t *testing.T) {
	for text, want := range map[string]struct {
		script string
		others int
	}{
		"": {"", 0}, "2024 …": {"", 0}, "Linux": {"Latn", 0}, "Програм за GNU": {"Cyrl", 3}, "GNU Compiler за": {"Latn", 2}, "ªº": {"Latn", 0},
		"画像を表示する": {"Jpan", 0}, "トラック": {"Jpan", 0}, "한국어 문서": {"Kore", 0}, "文件": {"Hani", 0}, "软件": {"Hans", 0}, "軟體": {"Hant", 0},
		"软體": {"Hani", 0}, "优雅の简单生活和美好时光": {"Hans", 0}, "Qt 软件": {"Hans", 2}, "為什麼": {"Hant", 0}, "人群": {"Hani", 0},
		"ኢትዮጵያ": {"Ethi", 0}, "ᏣᎳᎩ": {"Cher", 0}, "𐌰𐌱𐌲 a": {"Zzzz", 1}, "мир𐌰𐌱": {"Cyrl", 2}, "हिन्दी": {"Deva", 0}, "ไทย": {"Thai", 0},
		"မြန်မာ": {"Mymr", 0}, "ქართული": {"Geor", 0}, "\xff\xfe": {"", 0}, strings.Repeat("ж", 1<<20): {"Cyrl", 0},
	} {
		if script, others := Script(text); script != want.script || others != want.others {
			t.Errorf("%.40q: %s, %d others", text, script, others)
		}
	}
}

func TestSmallWordsBeginWithASmallLetter(t *testing.T) {
	for text, want := range map[string]int{"GNU Compiler Collection": 0, "Prevodi između jezika": 2, "画像を": 0, "": 0, "gnome-dvb 2x «za» šta": 2, "ШТА је": 1} {
		if got := SmallWords(text); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}
