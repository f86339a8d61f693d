// Package setup tests the machinery of the set-up (setup/make-sure.sh) with steps of its own; the real steps take minutes and
// are tried on empty machines.
package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkout makes a folder with the real machinery and the given steps, name to text.
func checkout(t *testing.T, steps map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "setup"), os.DirFS("../../../setup")); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"activities", "internal", "schemas", "starter", "worker", "workflows"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"go.mod", "go.sum"} {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range steps {
		if err := os.WriteFile(filepath.Join(dir, "setup", name+".sh"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// makeSure runs the steps and gives what was printed.
func makeSure(dir string, steps ...string) (string, error) {
	cmd := exec.Command("sh", append([]string{"setup/make-sure.sh"}, steps...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

const good = `title="write a file"
is_done() { [ -f build/bin/made ] && stamped good v1; }
make() {
  echo x >>build/tmp/made
  run cp build/tmp/made build/bin/made
  stamp good v1
}
`

func TestAStepThatIsDoneIsPassedOverInSilence(t *testing.T) {
	dir := checkout(t, map[string]string{"good": good})
	if out, err := makeSure(dir, "good"); err != nil || !strings.Contains(out, "write a file: done in") {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := makeSure(dir, "good"); err != nil || out != "" {
		t.Errorf("the second time: %v: %q", err, out)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "build/bin/made")); string(b) != "x\n" {
		t.Errorf("it was made again: %q", b)
	}
}

func TestAFailedStepNamesItselfItsCommandAndItsLog(t *testing.T) {
	dir := checkout(t, map[string]string{"good": good, "bad": `title="break on purpose"
is_done() { false; }
make() {
  run echo "so far so good"
  run ls /no/such/folder
  run touch build/bin/after
}
`})
	out, err := makeSure(dir, "bad", "good")
	if err == nil {
		t.Fatalf("no failure: %s", out)
	}
	for _, want := range []string{`the step "bad" (break on purpose) failed`, "command: ls /no/such/folder", "build/log/setup-bad.log", "so far so good", "No such file"} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
	for _, made := range []string{"build/bin/after", "build/bin/made"} {
		if _, err := os.Stat(filepath.Join(dir, made)); err == nil {
			t.Errorf("it went on to make %s", made)
		}
	}
}

func TestAnInterruptedStepIsDoneAgain(t *testing.T) {
	dir := checkout(t, map[string]string{"good": strings.Replace(good, "  stamp good v1\n", "  [ -f build/again ] || { touch build/again; kill -9 $$; }\n  stamp good v1\n", 1)})
	if out, err := makeSure(dir, "good"); err == nil {
		t.Fatalf("the kill was not noticed: %s", out)
	}
	if out, err := makeSure(dir, "good"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := makeSure(dir, "good"); err != nil || out != "" {
		t.Errorf("%v: %q", err, out)
	}
}
