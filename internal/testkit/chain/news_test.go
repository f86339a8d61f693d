package chain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/testkit/chain"
	"crosssum/schemas"
)

// news lays out the crawls of three weeks, cut from the toy corpus, each when it is called for.
type news struct {
	c    *chain.Chain
	rows map[string][]string // lines by language
}

func newNews(c *chain.Chain) *news {
	n := &news{c, map[string][]string{}}
	for _, language := range []string{"english", "french", "russian"} {
		b, err := os.ReadFile("../toy/" + language + ".jsonl")
		if err != nil {
			c.T.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
			if json.Valid([]byte(line)) { // one is broken on purpose
				n.rows[language] = append(n.rows[language], line)
			}
		}
	}
	return n
}

// week writes crawl number k of the folder "news".
func (n *news) week(k int) {
	english, french, russian := n.rows["english"], n.rows["french"], n.rows["russian"]
	switch k {
	case 1: // two languages
		n.crawl("w1", "delta", map[string][]string{"english": english[:32], "french": french[:40]})
	case 2: // a whole language comes late; an article is edited, one is withdrawn, some come again unchanged; a broken row
		edited := strings.Replace(english[3], `"summary": "`, `"summary": "Once more: `, 1)
		n.crawl("w2", "delta", map[string][]string{"russian": russian, "french": append([]string{"{broken"}, french[:6]...),
			"english": append([]string{edited, `{"id": ` + id(english[5]) + `, "deleted": true}`}, english[32:]...)})
	case 3: // a snapshot of one language, and a file of another that is broken
		n.crawl("w3", "snapshot", map[string][]string{"french": french[4:], "russian": {"{", "[", russian[0]}})
	case 4: // nothing at all
		n.crawl("w4", "delta", nil)
	case 5: // what was withdrawn comes back
		n.crawl("w5", "delta", map[string][]string{"french": french[:2]})
	}
}

func (n *news) crawl(name, mode string, files map[string][]string) {
	folder := filepath.Join(n.c.Dir, "crawls/news", name)
	write := func(file, text string) {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
			n.c.T.Fatal(err)
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		n.c.T.Fatal(err)
	}
	for file, lines := range files {
		write(file+".jsonl", strings.Join(lines, "\n")+"\n")
	}
	write("crawl.json", fmt.Sprintf(`{"mode": %q}`, mode))
}

// id is the JSON of a row's id.
func id(line string) string {
	var row struct{ ID json.RawMessage }
	json.Unmarshal([]byte(line), &row)
	return string(row.ID)
}

// crawl writes articles as a crawl folder.
func crawl(t *testing.T, w *chain.Worker, articles schemas.Ref, folder string) {
	t.Helper()
	s, err := store.Open(w.Store)
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	var index schemas.Index
	if err := s.GetJSON(articles.Index, &index); err != nil {
		t.Fatal(err)
	}
	for _, u := range index.Units {
		path, err := s.File(u, "articles.arrow")
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]*bytes.Buffer{}
		err = arrowfile.Each(path, func(r *schemas.ArticleRow) error {
			name := strings.TrimSuffix(u.Name+"_"+r.Label, "_") // by label
			if files[name] == nil {
				files[name] = &bytes.Buffer{}
			}
			return json.NewEncoder(files[name]).Encode(map[string]any{"id": r.ID, "url": r.URL, "title": r.Title, "summary": r.Summary,
				"text": r.Text, "images": append([]string{}, r.Images...)})
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, b := range files {
			if err := os.WriteFile(filepath.Join(folder, name+".jsonl"), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
