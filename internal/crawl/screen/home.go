package screen

import (
	"slices"

	"crosssum/schemas"
)

// Home is a file's language, as far as judging its texts goes.
type Home struct {
	Name      string
	Label     string   // the classifier's; "" when it does not know the language
	Code      string   // BCP 47
	scripts   []string // that its texts may be in
	elsewhere []string // that the table has the same language in, under another name
}

// HomeOf finds a language of the table.
func HomeOf(name string) (Home, error) {
	l, err := schemas.LanguageByName(name)
	if err != nil {
		return Home{}, err
	}
	h := Home{Name: l.Name, Label: l.FastText, Code: l.Code, scripts: append([]string{l.Script}, accepted[l.Script]...)}
	for _, other := range schemas.Languages() {
		if other.FastText != "" && other.FastText == l.FastText && other.Script != l.Script {
			h.elsewhere = append(h.elsewhere, other.Script)
		}
	}
	if len(h.elsewhere) == 0 {
		h.scripts = append(h.scripts, alsoWritten[l.Code]...)
	}
	return h, nil
}

// writes tells whether a text of the language may be in a script; nothing speaks against one that is not known.
func (h Home) writes(script string) bool {
	return script == "" || len(h.scripts) == 0 || slices.Contains(h.scripts, script)
}

// isWritten tells whether the table has a language with the label in a script.
func isWritten(label, script string) bool {
	return slices.ContainsFunc(schemas.Languages(), func(l schemas.Language) bool { return l.FastText == label && l.Script == script })
}

// accepted are what texts of a script may look like by themselves: a title in Chinese characters alone is Japanese and Korean too,
// and Japanese simplified some of them as China did.
var accepted = map[string][]string{
	"Hans": {"Hani"},
	"Hant": {"Hani"},
	"Jpan": {"Hani", "Hans", "Hant"},
	"Kore": {"Hani", "Hant"},
}

// alsoWritten are further scripts of languages, by code, that the table has in one alone.
var alsoWritten = map[string][]string{
	"av": {"Latn"}, "az": {"Cyrl", "Arab"}, "azb": {"Latn"}, "bs": {"Cyrl"}, "ckb": {"Latn"}, "crh": {"Cyrl"}, "gag": {"Cyrl"},
	"gom": {"Latn", "Knda"}, "ha": {"Arab"}, "hif": {"Deva"}, "id": {"Arab"}, "jv": {"Java", "Arab"}, "kk": {"Latn", "Arab"},
	"kok": {"Latn", "Knda"}, "ku": {"Arab", "Cyrl"}, "ky": {"Arab", "Latn"}, "lad": {"Hebr"}, "mai": {"Tirh"}, "mg": {"Arab"},
	"mn": {"Mong"}, "ms": {"Arab"}, "new": {"Newa"}, "om": {"Ethi"}, "pa": {"Arab"}, "pnb": {"Guru"}, "ro": {"Cyrl"},
	"sa": {"Beng", "Gujr", "Knda", "Mlym", "Orya", "Sinh", "Taml", "Telu", "Thai", "Tibt", "Latn"}, "sd": {"Deva"}, "sh": {"Cyrl"},
	"so": {"Arab"}, "sw": {"Arab"}, "tg": {"Arab", "Latn"}, "tk": {"Cyrl", "Arab"}, "tr": {"Arab"}, "tt": {"Latn", "Arab"},
	"ug": {"Cyrl", "Latn"}, "wo": {"Arab"}, "yi": {"Latn"}, "yo": {"Arab"},
}
