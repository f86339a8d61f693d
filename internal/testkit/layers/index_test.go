package layers

import (
	"flag"
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/packages.md anew")

var named = regexp.MustCompile(`^(Package|Command) \w+ `)

// comment is the first sentence of a package's comment, of its tests' where it has nothing else; without the words "Package x" or "Command x".
func comment(t *testing.T, importPath string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../..", importPath, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if file.Doc == nil {
			continue
		}
		if text := new(doc.Package).Synopsis(file.Doc.Text()); text != "" {
			return named.ReplaceAllString(text, "")
		}
	}
	t.Errorf("%s has no package comment: say in a sentence before the word package what it is for; docs/packages.md shows it", importPath)
	return ""
}

func TestTheIndexOfPackagesIsThatOfTheCode(t *testing.T) {
	all := list(t)
	var index strings.Builder
	index.WriteString("# Packages, from the bottom up\n\nA package imports what stands above it in this list, or in its own chapter, and nothing else. The lines are the\n" +
		"packages' own comments; after a change, `go test ./internal/testkit/layers -update` writes this file.\n")
	for i, c := range chapters {
		fmt.Fprintf(&index, "\n## %s: %s\n\n", strings.Join(c.rooms, ", "), c.what)
		for _, p := range all {
			if chapter(p.ImportPath) == i {
				fmt.Fprintf(&index, "- `%s` %s\n", p.ImportPath, comment(t, p.ImportPath))
			}
		}
	}
	const path = "../../../docs/packages.md"
	if *update {
		if err := os.WriteFile(path, []byte(index.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range []struct{ says, have, want string }{{"lacks", string(written), index.String()}, {"has, and the code has not,", index.String(), string(written)}} {
		for line := range strings.Lines(pair.want) {
			if !strings.Contains(pair.have, line) {
				t.Errorf("docs/packages.md %s: %s(go test ./internal/testkit/layers -update writes it anew)", pair.says, line)
			}
		}
	}
}
