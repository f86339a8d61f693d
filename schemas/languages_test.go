package schemas

import (
	"strings"
	"testing"
)

func TestTheTableHoldsXLSumsLanguagesWithTheirSentinels(t *testing.T) {
	seen := map[int]string{}
	for _, l := range Languages() {
		if l.Sentinel >= 0 {
			if seen[l.Sentinel] != "" {
				t.Errorf("sentinel %d is of %s and of %s", l.Sentinel, seen[l.Sentinel], l.Name)
			}
			seen[l.Sentinel] = l.Name
		}
	}
	if len(seen) != 45 || seen[99] != "kirundi" || seen[55] != "chinese_traditional" || seen[63] != "russian" {
		t.Errorf("%d sentinels: %v", len(seen), seen)
	}
}

func TestCodesAreCanonicalizedAndScriptsKeptApart(t *testing.T) {
	for code, want := range map[string]string{
		"C": "english", "en": "english", "en_US": "english", "en_GB": "english_britain", "en@shaw": "",
		"pt": "portuguese", "pt-PT": "portuguese", "pt_BR": "portuguese_brazil", "pt-BR": "portuguese_brazil", "pt_br": "portuguese_brazil",
		"sr": "serbian_cyrillic", "sr@latin": "serbian_latin", "sr-Latn": "serbian_latin", "sr_RS@latin": "serbian_latin",
		"sr-Cyrl": "serbian_cyrillic", "sr@ijekavian": "serbian_cyrillic", "sr-ijekavianlatin": "serbian_latin",
		"ca@valencia": "catalan_valencia", "ca-ES-valencia": "catalan_valencia", "ca": "catalan",
		"zh_CN": "chinese_simplified", "zh-Hans": "chinese_simplified", "zh_Hans_CN": "chinese_simplified", "zh-TW": "chinese_traditional", "zh_Hant": "chinese_traditional", "zh_HK": "chinese_hong_kong",
		"be@latin": "belarusian_latin", "uz@cyrillic": "uzbek", "ms@Arab": "", "de_DE.UTF-8": "german", "nb_NO": "norwegian",
		"": "", "xx": "", "@latin": "", "../en": "",
	} {
		l, err := LanguageByCode(code)
		if l.Name != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", code, l.Name, err, want)
		}
	}
}

func TestAnUnknownNameShowsTheNearestAndHowToAddIt(t *testing.T) {
	for name, want := range map[string]string{"germann": "german", "serbian": "serbian_cyrillic", "German": "nearest are german,", "Hindi": "nearest are hindi,"} {
		_, err := LanguageByName(name)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), LanguagesVariable) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := LanguageByName(strings.Repeat("x", 1<<20)); err == nil || len(err.Error()) > 500 {
		t.Error("a name of a megabyte makes a message of a megabyte")
	}
}

func TestACodeInPlaceOfANameIsToldWithTheLanguageThatItIsOf(t *testing.T) {
	for code, want := range map[string]string{"fr": "french", "de": "german", "pt_BR": "portuguese_brazil", "zh-Hant": "chinese_traditional", "fra": "french",
		"deu_Latn": "german", "hin_Deva": "hindi", "rus_Cyrl": "russian", "ca-valencia": "catalan_valencia", "EN": "english", "en_US": "english"} {
		if _, err := LanguageByName(code); err == nil || !strings.Contains(err.Error(), "that is a code of "+want+", ") || strings.Contains(err.Error(), LanguagesVariable) {
			t.Errorf("%q: %v", code, err)
		}
	}
	for _, word := range []string{"de_articles", "x", "qqq", "c", "notes", "..", "de.old", ""} {
		if _, err := LanguageByName(word); err == nil || strings.Contains(err.Error(), "a code of") {
			t.Errorf("%q: %v", word, err)
		}
	}
}

func TestATableOfOnesOwnAddsAndIsCheckedByLine(t *testing.T) {
	for text, wrong := range map[string]string{
		"klingon\ttlh\t\tklingon\tLatn\t\t":    "",
		"english\ten\ten\tenglish\tLatn\t69\t": "already",
		"anglais\ten\ten\tenglish\tLatn\t\t":   "belongs to english",
		"Klingon\ttlh\t\tklingon\tLatn\t\t":    "bad name",
		"klingon":                              "columns",
		"kling-on\ttlh\t\tk\tLatn\t\t":         "bad name",
	} {
		table := &languageTable{byName: map[string]Language{}, byCode: map[string]Language{}}
		if err := table.add("builtin", builtinLanguages); err != nil {
			t.Fatal(err)
		}
		err := table.add("own.tsv", "# mine\n"+text+"\n")
		if (err == nil) != (wrong == "") || err != nil && (!strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), "own.tsv:2")) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
