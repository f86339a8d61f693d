package schemas

import (
	"cmp"
	_ "embed"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// Language is one row of languages.tsv. Two rows may share a fastText label or a ROUGE name, never a name or a code.
type Language struct {
	Name     string   // [a-z0-9_]+: used in files, payloads and flags; XL-Sum's for its 45
	Code     string   // BCP-47
	FastText string   // label of lid.176; "" when it does not know the language
	Rouge    string   // which tokenizer and stemmer ROUGE takes
	Script   string   // ISO 15924
	Sentinel int      // n of <extra_id_n> for XL-Sum's 45, else -1
	Also     []string // further codes that mean this language
}

// LanguagesVariable names a table of one's own, in the form of languages.tsv, that is added to the built-in one.
const LanguagesVariable = "CROSSSUM_LANGUAGES"

//go:embed languages.tsv
var builtinLanguages string

type languageTable struct {
	rows   []Language // by name
	byName map[string]Language
	byCode map[string]Language
	err    error // of the user's own table
}

var languages = sync.OnceValue(func() *languageTable {
	t := &languageTable{byName: map[string]Language{}, byCode: map[string]Language{}}
	if err := t.add("schemas/languages.tsv", builtinLanguages); err != nil {
		panic(err)
	}
	if path := os.Getenv(LanguagesVariable); path != "" {
		b, err := os.ReadFile(path)
		if err == nil {
			err = t.add(path, string(b))
		}
		if err != nil {
			t.err = fmt.Errorf("%s: %w", LanguagesVariable, err)
		}
	}
	slices.SortFunc(t.rows, func(a, b Language) int { return cmp.Compare(a.Name, b.Name) })
	return t
})

var (
	languageName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	languageCode = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?(-[a-z0-9]{4,14})?$`)
)

func (t *languageTable) add(path, text string) error {
	for i, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "name\t") {
			continue
		}
		l, err := parseLanguage(strings.TrimSuffix(line, "\r"))
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		if _, ok := t.byName[l.Name]; ok {
			return fmt.Errorf("%s:%d: language %q is in the table already", path, i+1, l.Name)
		}
		for _, code := range append([]string{l.Code}, l.Also...) {
			if other, ok := t.byCode[code]; ok {
				return fmt.Errorf("%s:%d: code %q belongs to %s already", path, i+1, code, other.Name)
			}
			t.byCode[code] = l
		}
		t.byName[l.Name] = l
		t.rows = append(t.rows, l)
	}
	return nil
}

func parseLanguage(line string) (Language, error) {
	f := strings.Split(line, "\t")
	if len(f) != 7 {
		return Language{}, fmt.Errorf("%d columns, wanted 7: name, bcp47, fasttext, rouge, script, sentinel, also (tab between)", len(f))
	}
	l := Language{Name: f[0], Code: f[1], FastText: f[2], Rouge: f[3], Script: f[4], Sentinel: -1}
	if !languageName.MatchString(l.Name) || !languageCode.MatchString(l.Code) || l.Rouge == "" || len(l.Script) != 4 {
		return l, fmt.Errorf("bad name %q, code %q, ROUGE name %q or script %q", l.Name, l.Code, l.Rouge, l.Script)
	}
	if f[5] != "" {
		n, err := strconv.Atoi(f[5])
		if err != nil || n < 0 || n > 99 {
			return l, fmt.Errorf("sentinel %q, wanted 0 to 99 or nothing", f[5])
		}
		l.Sentinel = n
	}
	if f[6] != "" {
		l.Also = strings.Split(f[6], ",")
	}
	return l, nil
}

// Languages lists the table by name.
func Languages() []Language { return slices.Clone(languages().rows) }

// LanguageByName finds a language by its name in the table. An unknown name is an error that shows the nearest ones, or whose code it is.
func LanguageByName(name string) (Language, error) {
	t := languages()
	if l, ok := t.byName[name]; ok {
		return l, nil
	}
	if t.err != nil {
		return Language{}, t.err
	}
	if l := ofCode(name); l.Name != "" {
		return Language{}, fmt.Errorf("unknown language %.64q: that is a code of %s, and languages go by their names: write %s", name, l.Name, l.Name)
	}
	return Language{}, fmt.Errorf("unknown language %.64q: nearest are %s; to add one, put its line (name, bcp47, fasttext, rouge, script, sentinel, also; "+
		"tab between) into a file named by %s", name, strings.Join(nearestLanguages(name, 3), ", "), LanguagesVariable)
}

// LanguageByCode finds a language by a BCP-47 code or a POSIX locale: "pt-BR", "pt_BR", "sr@latin", "ca@valencia", "de_DE.UTF-8".
// A region or variant that the table does not tell apart is dropped; a script is not, unless it is the language's own.
func LanguageByCode(code string) (Language, error) {
	t := languages()
	c := canonicalCode(code)
	if l, ok := t.byCode[c]; ok {
		return l, nil
	}
	base, rest, _ := strings.Cut(c, "-")
	parts, script := strings.Split(rest, "-"), ""
	if len(parts[0]) == 4 && parts[0][0] < 'a' {
		script = parts[0]
		if l, ok := t.byCode[base+"-"+script]; ok {
			return l, nil
		}
	}
	for _, variant := range append(parts, "") { // ca-ES-valencia is ca-valencia
		if l, ok := t.byCode[strings.TrimSuffix(base+"-"+variant, "-")]; ok && (script == "" || l.Script == script) {
			return l, nil
		}
	}
	if t.err != nil {
		return Language{}, t.err
	}
	return Language{}, fmt.Errorf("no language for code %.64q in the table", code)
}

var scriptModifiers = map[string]string{"latin": "Latn", "latn": "Latn", "cyrillic": "Cyrl", "cyrl": "Cyrl", "arab": "Arab", "deva": "Deva", "beng": "Beng", "aran": "Aran",
	"hans": "Hans", "hant": "Hant", "shaw": "Shaw", "quot": "Quot"}

// canonicalCode spells a code or locale as language[-Script][-REGION][-variant].
func canonicalCode(code string) string {
	code, modifier, _ := strings.Cut(code, "@")
	code, _, _ = strings.Cut(code, ".")
	parts := strings.FieldsFunc(strings.ToLower(code), func(r rune) bool { return r == '-' || r == '_' })
	if len(parts) == 0 {
		return ""
	}
	if modifier != "" {
		parts = append(parts, strings.ToLower(modifier))
	}
	if parts[0] == "c" && len(parts) == 1 {
		return "en"
	}
	var script, region, variant string
	for _, p := range parts[1:] {
		switch s, known := scriptModifiers[p]; {
		case known:
			script = "-" + s
		case len(p) == 4 && p[0] > '9':
			script = "-" + strings.ToUpper(p[:1]) + p[1:]
		case len(p) == 2 || len(p) == 3 && p[0] <= '9':
			region = "-" + strings.ToUpper(p)
		default:
			variant += "-" + p
		}
	}
	return parts[0] + script + region + variant
}

// likeCode is the form of what ofCode takes for a code: others are words.
var likeCode = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,4}){0,2}$`)

// ofCode is the language that people write name for: a code of the table, one with a region, or ISO 639's of three letters.
func ofCode(name string) Language {
	if l, ok := languages().byCode[name]; ok || !likeCode.MatchString(name) {
		return l
	}
	l, err := LanguageByCode(name)
	if first, rest, _ := strings.Cut(strings.ReplaceAll(name, "_", "-"), "-"); err != nil && len(first) == 3 {
		if base, wrong := language.ParseBase(first); wrong == nil {
			l, _ = LanguageByCode(strings.TrimSuffix(base.String()+"-"+rest, "-"))
		}
	}
	return l
}

// nearestLanguages lists the n names of the table that are closest to name.
func nearestLanguages(name string, n int) []string {
	var names []string
	for _, l := range Languages() {
		names = append(names, l.Name)
	}
	return Nearest(name, names, n)
}
