// Package programs gives tests the project's programs, as built from this checkout, and real Temporal servers.
package programs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Root is the folder of the checkout.
func Root(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	for ; err == nil; folder = filepath.Dir(folder) {
		if _, missing := os.Stat(filepath.Join(folder, "go.mod")); missing == nil {
			return folder
		}
		if folder == filepath.Dir(folder) {
			break
		}
	}
	t.Fatalf("no go.mod above the test: %v", err)
	return ""
}

var packages = map[string]string{"starter": "./starter", "worker": "./worker", "engine": "./worker/engine", "summarizer": "./tools/summarizer"}

// Path is where a program lies. Go keeps what it links for `go run`, so that one program serves all tests until its sources change.
// The native libraries of engine and summarizer must be there: `./crosssum setup` builds them.
func Path(t *testing.T, name string) string {
	t.Helper()
	cgo := "CGO_ENABLED=0"
	if name == "engine" || name == "summarizer" {
		cgo = "CGO_ENABLED=1"
		if os.Getenv("CGO_LDFLAGS") == "" {
			t.Fatal("the flags of native packages are not set: `. internal/native/env.sh` in the repository root, or run ./crosssum test")
		}
	}
	path := ""
	for range 2 { // a program that was linked just now is named by a file that is gone
		run := exec.Command("go", "run", "-exec", "echo", packages[name])
		run.Dir, run.Env = Root(t), append(os.Environ(), cgo)
		var complaint strings.Builder
		run.Stderr = &complaint
		out, err := run.Output()
		if err != nil {
			t.Fatalf("go run %s: %v\n%s", packages[name], err, &complaint)
		}
		if path = strings.TrimSpace(string(out)); exists(path) {
			return path
		}
	}
	t.Fatalf("Go does not keep the program %s: there is no %s", name, path)
	return ""
}

// Children of a process that have not ended, whichever of its threads started them.
func Children(pid int) (pids []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		raw, _ := os.ReadFile(list) // of a thread that has ended: none
		for _, field := range strings.Fields(string(raw)) {
			if child, err := strconv.Atoi(field); err == nil && Lives(child) {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// Lives says whether a process has not ended: one that has may wait to be reaped.
func Lives(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(raw), ") Z ")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
