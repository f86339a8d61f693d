// Package layers tests the project's one structural rule: imports point downwards, and native code is reached by the
// engine alone.
package layers

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "crosssum"

// floors are the rooms from the top down; a package may import what stands on a lower floor than itself, never the same one
// (packages under internal/ may import each other, where Go itself forbids circles; so may those under bench/ and tools/).
var floors = [][]string{
	{"starter", "worker", "worker/engine", "bench"},
	{"tools"}, // makers of what ships
	{"workflows", "activities"},
	{"internal"},
	{"schemas"},
}

// native are the packages that use cgo, or stand on those that do.
var native = []string{"internal/native", "internal/model/tokenizer", "internal/model/bert", "internal/model/t5", "internal/model/encode", "internal/mining/search",
	"internal/training/train", "internal/evaluation/generate", "internal/model/langid", "tools/summarizer", "tools/encoder", "bench/embed/floor", "internal/operation/filetools", "internal/testkit/gpu"}

// pkg is what `go list` says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
	CgoFiles   []string
	Deps       []string
}

// list asks for all packages of the module; tests are not part of the rule.
func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps=false", "-json=ImportPath,Imports,CgoFiles,Deps", module+"/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module+"/")
		if !under(p.ImportPath, []string{"build", "data"}) { // ignored folders: somebody's scratch
			pkgs = append(pkgs, p)
		}
	}
}

// under says whether a package is one of the rooms or lies in one.
func under(p string, rooms []string) bool {
	return slices.ContainsFunc(rooms, func(r string) bool { return p == r || strings.HasPrefix(p, r+"/") })
}

// floor is the number of a package's floor from the top, -1 for one that has none.
func floor(p string) int {
	return slices.IndexFunc(floors, func(rooms []string) bool { return under(p, rooms) })
}

// sameRoom says whether two packages of one floor may know each other: both under internal/, bench/ or tools/, or one inside the other.
func sameRoom(p, imported string) bool {
	for _, room := range []string{"internal", "bench", "tools"} {
		if under(p, []string{room}) && under(imported, []string{room}) {
			return true
		}
	}
	return path.Dir(imported) == p
}

func TestImportsPointDownwards(t *testing.T) {
	for _, p := range list(t) {
		from := floor(p.ImportPath)
		if from < 0 {
			t.Errorf("%s stands in no room of docs/design.md: put it under internal/, or give it a floor in this test", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			imported, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			if to := floor(imported); to < from || to == from && !sameRoom(p.ImportPath, imported) {
				t.Errorf("%s imports %s, which does not stand below it: what both need belongs in a lower room, so that activities can be"+
					" hosted by anyone's worker and schemas be read by anyone's client", p.ImportPath, imported)
			}
		}
	}
}

func TestOnlyTheEngineReachesNativeCode(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath == "worker/engine" || under(p.ImportPath, native) {
			continue
		}
		if len(p.CgoFiles) > 0 {
			t.Errorf("%s uses cgo (%v): native code belongs under internal/native, behind the engine, so that a crash in it costs one unit of"+
				" work and not the worker", p.ImportPath, p.CgoFiles)
		}
		for _, d := range p.Deps {
			if d, ours := strings.CutPrefix(d, module+"/"); ours && under(d, native) {
				t.Errorf("%s reaches the native side through %s: send the engine a request instead (internal/engine), so that it builds with"+
					" CGO_ENABLED=0 and a crash costs one unit of work", p.ImportPath, d)
			}
		}
	}
}

func TestProgramsOfTheTopBuildWithoutACompiler(t *testing.T) {
	cmd := exec.Command("go", "build", module+"/starter", module+"/worker", module+"/workflows", module+"/activities", module+"/schemas")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("starter, worker, workflows, activities and schemas must build with CGO_ENABLED=0, so that a machine without the native"+
			" libraries can start and watch runs: %v\n%s", err, out)
	}
}

func TestSchemasStandOnNothingOfThisProjectAndOnNoHeavyLibrary(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath != "schemas" {
			continue
		}
		for _, d := range p.Deps {
			if strings.HasPrefix(d, module+"/") || strings.HasPrefix(d, "go.temporal.io/") {
				t.Errorf("schemas reaches %s: it holds the types that everyone shares, and imports nothing but Arrow's", d)
			}
		}
	}
}
