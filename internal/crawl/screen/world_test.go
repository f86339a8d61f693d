package screen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"crosssum/internal/model/texts"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// one is an article with what the classifier says of its summary.
type one struct {
	language, id, summary string
	label                 string
	probability, wanted   float32
}

const long = "Ministers agreed on Tuesday to publish the full report before parliament rises for the summer"

// corpus has an untranslated original, a long text in another language, a relative, a short name, and a language that the
// classifier does not know.
var corpus = []one{
	{"danish", "a", "Et program til billeder", "da", 0.9, 0.9},
	{"danish", "b", "Phylogenetic Analysis by Maximum Likelihood", "en", 0.7, 0.001},
	{"danish", "c", "Linux", "en", 0.9, 0.001},
	{"danish", "d", "Kommandolinje for Emacs", "en", 0.9, 0.001},
	{"danish", "e", "Program til at hente videoer", "no", 0.9, 0.01},
	{"english", "b", "An unlike thing", "en", 0.9, 0.9},
	{"english", "m", "Phylogenetic Analysis by Maximum Likelihood", "en", 0.7, 0.7},
	{"english", "n", "Linux", "en", 0.9, 0.9},
	{"french", "f", long, "en", 0.95, 0.001},
	{"french", "g", long + " !", "de", 0.95, 0.001},
	{"hausa", "h", "Phylogenetic Analysis by Maximum Likelihood", "en", 0.9, -1},
	{"hausa", "k", "Hukumar lafiya ta duniya", "en", 0.2, -1},
	{"norwegian", "i", "Program til at hente videoer", "no", 0.9, 0.9},
}

// scene writes articles and classifications as the stages before would.
func scene(t *testing.T, rows []one, misplaced string) Input {
	t.Helper()
	in := Input{Params: schemas.Demo().Screen}
	in.Params.Misplaced = misplaced
	dir := t.TempDir()
	var articles *arrowfile.Writer[schemas.ArticleRow]
	var classified *arrowfile.Writer[schemas.ClassifiedRow]
	finish := func() {
		if articles != nil && errors.Join(articles.Close(), classified.Close()) != nil {
			t.Fatal("cannot write")
		}
	}
	for i, r := range rows {
		script, others := texts.Script(r.summary)
		if i == 0 || rows[i-1].language != r.language {
			finish()
			in.Languages = append(in.Languages, r.language)
			in.Articles = append(in.Articles, filepath.Join(dir, r.language+".articles"))
			in.Classified = append(in.Classified, filepath.Join(dir, r.language+".classified"))
			var e1, e2 error
			articles, e1 = arrowfile.Create[schemas.ArticleRow](in.Articles[len(in.Articles)-1])
			classified, e2 = arrowfile.Create[schemas.ClassifiedRow](in.Classified[len(in.Classified)-1])
			if err := errors.Join(e1, e2); err != nil {
				t.Fatal(err)
			}
		}
		err := errors.Join(articles.Append(schemas.ArticleRow{Language: r.language, ID: r.id, URL: "u", Title: "title", Summary: r.summary,
			Text: "text", Images: []string{"picture"}, Label: "train", Digest: "digest"}),
			classified.Append(schemas.ClassifiedRow{Language: r.language, ID: r.id, Label: r.label, Probability: r.probability, Wanted: r.wanted,
				Letters: int32(texts.Letters(r.summary)), Hash: texts.Hash(r.summary),
				Script: script, OtherLetters: int32(others), SmallWords: int32(texts.SmallWords(r.summary))}))
		if err != nil {
			t.Fatal(err)
		}
	}
	finish()
	return in
}

// outcome is what Run wrote for a language: ids that stay, with "?" where the summary is not in its language and "~" where nobody
// can know, and ids set aside with their reason.
type outcome struct {
	articles, aside string
	counts          map[string]int64
	same            bool // the articles file is the one that came
}

func screenAll(t *testing.T, in Input) map[string]outcome {
	t.Helper()
	out := map[string]outcome{}
	for i, language := range in.Languages {
		in.Language = language
		dir := t.TempDir()
		counts, err := Run(context.Background(), in, dir, func(int64) {})
		if err != nil {
			t.Fatal(err)
		}
		o := outcome{counts: counts}
		var ids, names, aside []string
		each(t, filepath.Join(dir, "articles.arrow"), func(r *schemas.ArticleRow) {
			if r.Language != language || r.Images[0] != "picture" || r.Digest != "digest" {
				t.Errorf("%s/%s is damaged", r.Language, r.ID)
			}
			ids = append(ids, arrowfile.Clone(r.ID))
		})
		each(t, filepath.Join(dir, "languages.arrow"), func(r *schemas.IdentifiedRow) {
			name := arrowfile.Clone(r.ID)
			if r.OK == nil {
				name += "~"
			} else if !*r.OK {
				name += "?" + r.Identified
			}
			names = append(names, name)
		})
		each(t, filepath.Join(dir, "set_aside.arrow"), func(r *schemas.SetAsideRow) {
			aside = append(aside, fmt.Sprintf("%s %s %s", r.ID, r.Reason, r.Identified))
		})
		if !sort.StringsAreSorted(ids) || len(ids) != len(names) || int64(len(ids)) != counts["articles"] || int64(len(aside)) != counts["set_aside"] {
			t.Errorf("%s: articles %v, languages %v, counts %v", language, ids, names, counts)
		}
		o.articles, o.aside = strings.Join(names, " "), strings.Join(aside, ", ")
		a, _ := os.ReadFile(in.Articles[i])
		b, _ := os.ReadFile(filepath.Join(dir, "articles.arrow"))
		o.same = string(a) == string(b)
		out[language] = o
	}
	return out
}

func each[T any](t *testing.T, path string, f func(*T)) {
	t.Helper()
	if err := arrowfile.Each(path, func(r *T) error { f(r); return nil }); err != nil {
		t.Fatal(err)
	}
}
