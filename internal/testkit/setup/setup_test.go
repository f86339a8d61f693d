// Package setup tests the machinery of the set-up (setup/make-sure.sh) with steps of its own; the real steps take minutes and
// are tried on empty machines.
package setup

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// checkout makes a folder with the real machinery and the given steps, name to text.
func checkout(t *testing.T, steps map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a folder's name") // with what a shell likes to stumble over
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "setup"), os.DirFS("../../../setup")); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"activities", "internal", "schemas", "starter", "tools/corpus", "worker", "workflows"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
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

// waitFor fails the test if the file does not appear.
func waitFor(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not appear", path)
		}
	}
}

func TestCtrlCEndsAllStepsAndTheNextCallGoesOn(t *testing.T) {
	const slow = `title="take long"
is_done() { [ -f build/bin/NAME ]; }
make() {
  touch build/tmp/NAME.begun
  [ -f build/again ] || run sleep 300
  touch build/bin/NAME
}
`
	dir := checkout(t, map[string]string{"temporal": strings.ReplaceAll(slow, "NAME", "beside"), "slow": strings.ReplaceAll(slow, "NAME", "slow")})
	cmd := exec.Command("sh", "setup/make-sure.sh", "temporal", "slow")
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Setpgid: true} // a terminal's Ctrl-C goes to the whole process group
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(dir, "build/tmp/beside.begun"))
	waitFor(t, filepath.Join(dir, "build/tmp/slow.begun"))
	syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("interrupted, it ends with %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "build/again"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := makeSure(dir, "temporal", "slow"); err != nil || strings.Contains(out, "waiting for another") || strings.Count(out, "done in") != 2 {
		t.Errorf("the next call: %v: %s", err, out) // a step that lives on would still hold the lock
	}
}

func TestOfTwoSetUpsAtOnceOneWaitsAndFindsTheWorkDone(t *testing.T) {
	dir := checkout(t, map[string]string{"good": strings.Replace(good, "  run cp", "  sleep 2\n  run cp", 1)})
	var both sync.WaitGroup
	out, errs := [2]string{}, [2]error{}
	for i := range 2 {
		both.Go(func() { out[i], errs[i] = makeSure(dir, "good") })
	}
	both.Wait()
	if err := errors.Join(errs[0], errs[1]); err != nil || strings.Count(out[0]+out[1], "done in") != 1 {
		t.Errorf("%v\n%s\n%s", err, out[0], out[1])
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "build/bin/made")); string(b) != "x\n" {
		t.Errorf("made %q", b)
	}
}

func TestTheWrapperFindsItsCheckoutThroughALinkAndFromAnyFolder(t *testing.T) {
	dir := checkout(t, map[string]string{"starter": `title="build the command line"
is_done() { [ -x build/bin/starter ]; }
make() {
  printf '#!/bin/sh\npwd; echo "$0" "$@"\n' >build/bin/starter
  chmod +x build/bin/starter
}
`})
	wrapper, err := os.ReadFile("../../../crosssum")
	if err != nil {
		t.Fatal(err)
	}
	link, elsewhere := filepath.Join(t.TempDir(), "link"), t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "crosssum"), wrapper, 0o755), os.Symlink(filepath.Join(dir, "crosssum"), link)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(link, "status", "two words", "--flag")
	cmd.Dir = elsewhere
	out, err := cmd.Output()
	if want := elsewhere + "\n" + filepath.Join(dir, "build/bin/starter") + " status two words --flag\n"; err != nil || string(out) != want {
		t.Errorf("%v: %q, want %q", err, out, want)
	}
}

func TestTheQuickTestSetsUpTheCommandLineAndNothingElse(t *testing.T) {
	steps := map[string]string{}
	for _, name := range []string{"temporal", "packages", "native", "worker", "engine", "models", "corpus"} {
		steps[name] = "title=\"make what is not wanted\"\nis_done() { false; }\nmake() { touch build/tmp/" + name + "; }\n"
	}
	steps["starter"] = `title="build the command line"
is_done() { [ -x build/bin/starter ]; }
make() {
  printf '#!/bin/sh\necho "$@" "${CGO_LDFLAGS:-pure}"\n' >build/bin/starter
  chmod +x build/bin/starter
}
`
	dir := checkout(t, steps)
	wrapper, err := os.ReadFile("../../../crosssum")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "crosssum"), wrapper, 0o755); err != nil {
		t.Fatal(err)
	}
	for compiler, wanted := range map[string]string{"cat": "", "no-such-compiler": "packages"} { // one that is there, and one that set-up is to install
		cmd := exec.Command(filepath.Join(dir, "crosssum"), "test", "--quick", "./schemas")
		cmd.Env = slices.DeleteFunc(append(os.Environ(), "CC="+compiler), func(v string) bool { return strings.HasPrefix(v, "CGO_LDFLAGS=") })
		out, err := cmd.Output()
		if want := "test --quick ./schemas pure\n"; err != nil || string(out) != want {
			t.Errorf("CC=%s: %v: %q, want %q", compiler, err, out, want)
		}
		made, _ := filepath.Glob(filepath.Join(dir, "build/tmp/[a-z]*"))
		made = slices.DeleteFunc(made, func(path string) bool { return filepath.Base(path) == "lock" })
		if len(made) > 1 || len(made) == 1 && filepath.Base(made[0]) != wanted || len(made) == 0 && wanted != "" {
			t.Errorf("CC=%s has set up %v, wanted %q", compiler, made, wanted)
		}
		for _, path := range made {
			os.Remove(path)
		}
	}
}
