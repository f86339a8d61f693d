package chain_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/operation/withdraw"
	"crosssum/internal/testkit/chain"
	"crosssum/internal/testkit/programs"
)

// TestAWithdrawnArticleLeavesTheCatalogueAndIsListedWhereItStays runs the program as people do: articles are taken down, one that a
// later crawl brings back is taken down again.
func TestAWithdrawnArticleLeavesTheCatalogueAndIsListedWhereItStays(t *testing.T) {
	t.Parallel()
	c := chain.New(t)
	n := newNews(c)
	w := c.StartWorker("taken-down")
	program, bin := programs.Path(t, "starter"), filepath.Join(c.Dir, "taken-down/build/bin") // where it looks for the worker's
	if err := errors.Join(os.MkdirAll(bin, 0o755), os.Symlink(programs.Path(t, "worker"), filepath.Join(bin, "worker"))); err != nil {
		t.Fatal(err)
	}
	n.week(1)
	realign(t, c, w, "before", `{"catalogue": "news", "crawls": "news"}`)

	gone := []withdraw.Article{{Language: "english", ID: strings.Trim(id(n.rows["english"][3]), `"`)},
		{Language: "french", ID: strings.Trim(id(n.rows["french"][0]), `"`)}}
	list := filepath.Join(c.Dir, "takedown.tsv")
	lines := "english\t" + gone[0].ID + "\n{\"language\": \"french\", \"id\": \"" + gone[1].ID + "\"}\nfrench\tnobody has this\n"
	if err := os.WriteFile(list, []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	takeDown := func(wants ...string) {
		t.Helper()
		cmd := exec.Command(program, "withdraw", list, "--catalogue", "news", "--config", filepath.Join(c.Dir, "taken-down/temporal.yaml"))
		cmd.Env = append(os.Environ(), "CROSSSUM_ADDRESS="+c.Address())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("withdraw: %v\n%s\n%s", err, out, w.Log())
		}
		for _, want := range append(wants, "not in catalogue news", "french nobody has this") {
			if !strings.Contains(string(out), want) {
				t.Errorf("withdraw does not say %q:\n%s", want, out)
			}
		}
		entries := ledger(t, w, "news")
		if n := entries[len(entries)-1].Counts["withdrawn"]; n != 2 && len(wants) > 0 && strings.HasPrefix(wants[0], "withdrawing") {
			t.Errorf("the newest entry has withdrawn %d articles", n)
		}
	}
	takeDown("withdrawing 2 articles", "Catalogue news ends with entry 2, which has none of the articles.", "news, entry 1", "before/dataset")
	takeDown("news, entry 1") // again: there is nothing left to do
	if entries := ledger(t, w, "news"); len(entries) != 2 || entries[1].Counts["articles"] != entries[0].Counts["articles"]-2 {
		t.Fatalf("%d entries, %v", len(entries), entries[len(entries)-1].Counts)
	}

	n.crawl("w9", "delta", map[string][]string{"english": n.rows["english"][3:4], "french": n.rows["french"][:1]})
	realign(t, c, w, "back", `{"catalogue": "news", "crawls": "news"}`)
	takeDown("withdrawing 2 articles", "Catalogue news ends with entry 4, which has none of the articles.", "news, entry 3", "back/dataset")
}
