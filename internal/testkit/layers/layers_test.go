// Package layers tests the project's one structural rule: imports point downwards, and native code is reached by the
// engine alone.
package layers

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "crosssum"

// chapters are the rooms from the bottom up. A package may import what stands in a lower chapter, and in its own (Go itself forbids
// circles) but for the programs: of those each may import only what lies inside of it. why is the reason for the border below.
var chapters = []struct {
	rooms     []string
	what, why string
}{
	{[]string{"schemas"}, "what crosses a process or a file", "anyone's client and worker can read it without the rest"},
	{[]string{"internal/fault", "internal/cli"}, "errors and command lines", "every package can say what is wrong, so what says it stands on none of them"},
	{[]string{"internal/artifact"}, "files and the store", "a store that knows what it stores could keep nothing new"},
	{[]string{"internal/engine"}, "the child process", "worker and engine have the protocol in common, and nothing else"},
	{[]string{"internal/native"}, "the only C++", "what computes knows numbers, not articles"},
	{[]string{"internal/model"}, "Hugging Face directories", "a model takes texts from whoever has some"},
	{[]string{"internal/crawl"}, "crawls and the catalogue", "an article is what it is before anybody looks for its pair"},
	{[]string{"internal/mining"}, "pairs, splits and the data set", "the data set is the same whatever is trained on it"},
	{[]string{"internal/evaluation"}, "summaries, scores and the report", "who judges a model does not look at how it was trained"},
	{[]string{"internal/training"}, "the summarizer's training", "a training goes by files and parameters, in a run or by hand"},
	{[]string{"internal/operation"}, "around the runs", "what computes does not ask how it was started"},
	{[]string{"workflows", "activities"}, "orchestration", "libraries can be used without Temporal"},
	{[]string{"tools"}, "makers of what ships", "the product runs without what made its parts"},
	{[]string{"starter", "worker", "worker/engine", "bench", "internal/testkit"}, "programs, benchmarks and what only tests use", "nothing stands on a program"},
}

// native may reach cgo: the engine, and what it and the makers are made of.
var native = []string{"worker/engine", "internal/native", "internal/model", "internal/mining/search", "internal/training/train", "internal/evaluation/generate",
	"internal/operation/filetools", "internal/testkit/gpu", "tools/summarizer", "tools/encoder", "bench/embed/floor"}

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

// chapter is the number of a package's chapter from the bottom, -1 for one that has none.
func chapter(p string) int {
	for i, c := range chapters {
		if under(p, c.rooms) {
			return i
		}
	}
	return -1
}

func TestImportsPointDownwards(t *testing.T) {
	for _, p := range list(t) {
		from := chapter(p.ImportPath)
		if from < 0 {
			t.Errorf("%s stands in no chapter of docs/packages.md: put it into one, or give it one in this test", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			imported, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			if to := chapter(imported); to > from {
				t.Errorf("%s (%s) imports %s (%s), which stands above it: %s. What both need belongs into the lower chapter or below it", p.ImportPath,
					chapters[from].what, imported, chapters[to].what, chapters[to].why)
			} else if !strings.HasPrefix(p.ImportPath, "internal/") && to == from && !sameProgram(p.ImportPath, imported) {
				t.Errorf("%s imports %s, which stands beside it: programs, workflows and activities do not know each other", p.ImportPath, imported)
			}
		}
	}
}

// sameProgram says whether two packages outside internal/ may know each other: both under bench/ or tools/.
func sameProgram(p, imported string) bool {
	room, _, _ := strings.Cut(p, "/")
	return under(imported, []string{"internal/testkit"}) || room != "worker" && under(imported, []string{room})
}

func TestOnlyTheEngineReachesNativeCode(t *testing.T) {
	all := list(t)
	cgo := map[string]bool{}
	for _, p := range all {
		cgo[p.ImportPath] = len(p.CgoFiles) > 0
		if cgo[p.ImportPath] && !under(p.ImportPath, []string{"internal/native"}) {
			t.Errorf("%s uses cgo (%v): native code belongs under internal/native, behind the engine, so that a crash in it costs one unit of"+
				" work and not the worker", p.ImportPath, p.CgoFiles)
		}
	}
	for _, p := range all {
		if under(p.ImportPath, native) {
			continue
		}
		for _, d := range p.Deps {
			if d, ours := strings.CutPrefix(d, module+"/"); ours && cgo[d] {
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
