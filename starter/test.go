package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"crosssum/internal/operation/config"
	"crosssum/internal/operation/live"
)

// test runs go vet and go test over all packages. The wrapper has set up the native environment.
func test(ctx context.Context, args []string) error {
	set := flags("test", "test [--quick] [PACKAGE ...]", "Sets up, then runs go vet, Temporal's workflowcheck and all tests, those of the native packages and of the whole chain\n"+
		"through a real Temporal server included. Prints a line for each package, the output of failed tests, and a summary. The full output is in\n"+
		"build/log/test.json.", "./crosssum test --quick ./internal/mining/... ./schemas")
	quick := set.Bool("quick", false, "only packages that link no native code, under Go's race detector, without the tests that want a Temporal server: Go and a C compiler suffice")
	if err := set.Parse(args); err != nil {
		return err
	}
	begin := time.Now()
	packages, err := testPackages(ctx, set.Args())
	if err != nil {
		return err
	}
	how := []string{"-timeout", "30m"}
	if *quick {
		var native []string
		if packages, native, err = parted(ctx, packages); err != nil {
			return err
		}
		fmt.Printf("left out, for they link native code: %d packages: %s\n", len(native), strings.Join(native, " "))
		how = append(how, "-race", "-short")
	}
	vet := goCommand(ctx, append([]string{"vet"}, packages...)...)
	vet.Stdout = os.Stdout
	if err := vet.Run(); err != nil {
		return fmt.Errorf("go vet: %w", err)
	}
	fmt.Printf("go vet: nothing to complain about (%s)\n", live.Clock(time.Since(begin)))
	if len(set.Args()) == 0 {
		if err := workflowCheck(ctx); err != nil {
			return err
		}
	}
	t, err := goTest(ctx, how, packages)
	if err != nil && t.failed == 0 {
		return fmt.Errorf("go test: %w", err)
	}
	fmt.Printf("\n%d passed, %d failed, %d skipped in %d packages, %s\n", t.passed, t.failed, t.skipped, t.packages, live.Clock(time.Since(begin)))
	if t.failed > 0 {
		return errSaid
	}
	return nil
}

// goCommand is a call of Go on this checkout. With cgo: the race detector wants it, as native packages do.
func goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stderr = config.Root(), os.Stderr
	// Spinning OpenMP threads of two test programs would starve each other; a program with the race detector sleeps for a second before it ends.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "OMP_WAIT_POLICY=passive", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// parted are the packages whose tests link no native code, and those whose do: something that they stand on, outside of Go's own
// library, has cgo in it.
func parted(ctx context.Context, packages []string) (pure, native []string, err error) {
	out, err := goCommand(ctx, append([]string{"list", "-deps", "-test", "-json=ImportPath,Standard,CgoFiles,Deps"}, packages...)...).Output()
	if err != nil {
		return nil, nil, fmt.Errorf("go list: %w", err)
	}
	needs := map[string][]string{} // by import path; "p.test" is the program of p's tests
	cgo := map[string]bool{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath     string
			Standard       bool
			CgoFiles, Deps []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, nil, fmt.Errorf("go list: %w", err)
		}
		needs[p.ImportPath] = append(p.Deps, p.ImportPath)
		cgo[p.ImportPath] = len(p.CgoFiles) > 0 && !p.Standard
	}
	for _, p := range packages {
		if slices.ContainsFunc(slices.Concat(needs[p], needs[p+".test"]), func(dep string) bool { return cgo[dep] }) {
			native = append(native, p)
		} else {
			pure = append(pure, p)
		}
	}
	return pure, native, nil
}

// workflowCheck looks for what workflow code must not do: clocks, random numbers, goroutines, the order of maps.
func workflowCheck(ctx context.Context) error {
	begin, tool := time.Now(), config.Root()+"/build/bin/workflowcheck"
	build := exec.CommandContext(ctx, "go", "build", "-o", tool, "go.temporal.io/sdk/contrib/tools/workflowcheck")
	build.Dir = config.Root() + "/tools/workflowcheck" // a module of its own, like the server
	check := exec.CommandContext(ctx, tool, "./workflows", "./schemas")
	check.Dir = config.Root()
	for _, c := range []*exec.Cmd{build, check} {
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if err := c.Run(); err != nil {
			return fmt.Errorf("workflowcheck: %w", err)
		}
	}
	fmt.Printf("workflowcheck: workflows are deterministic (%s)\n", live.Clock(time.Since(begin)))
	return nil
}

// testPackages resolves patterns (none: all), without what somebody left in the ignored folders.
func testPackages(ctx context.Context, patterns []string) ([]string, error) {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	out, err := goCommand(ctx, append([]string{"list"}, patterns...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	packages := slices.DeleteFunc(strings.Fields(string(out)), func(p string) bool {
		return strings.HasPrefix(p, "crosssum/build/") || strings.HasPrefix(p, "crosssum/data/")
	})
	slices.SortStableFunc(packages, func(a, b string) int { return cmp.Compare(slices.Index(longest, b), slices.Index(longest, a)) })
	return packages, nil
}

// longest are the packages whose tests take minutes, the longest last: begun first, they do not run on alone when all others have ended.
var longest = []string{"crosssum/internal/model/encode", "crosssum/internal/training/train/failures", "crosssum/internal/training/train",
	"crosssum/internal/testkit/chain"}

// tally counts tests, subtests included; a package that does not build or crashes counts as one failure.
type tally struct {
	passed, failed, skipped, packages int
	broken                            map[string]bool // packages of which a test failed
}

// event is a line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// goTest runs the tests, and prints what a person wants to see of them. They are vetted already.
func goTest(ctx context.Context, how, packages []string) (tally, error) {
	t := tally{broken: map[string]bool{}}
	log, err := os.Create(config.Root() + "/build/log/test.json")
	if err != nil {
		return t, err
	}
	defer log.Close()
	cmd := goCommand(ctx, slices.Concat([]string{"test", "-json", "-vet=off"}, how, packages)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return t, err
	}
	if err := cmd.Start(); err != nil {
		return t, err
	}
	t.read(io.TeeReader(out, log))
	return t, cmd.Wait()
}

// read follows the events to their end. Output of a test is kept until the test's end and printed if it failed or was skipped.
func (t *tally) read(r io.Reader) {
	kept := map[string][]string{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			kept[key] = append(kept[key], e.Output)
		case "build-output":
			fmt.Print(e.Output)
		case "pass", "fail", "skip":
			t.end(e, kept[key])
			delete(kept, key)
		}
	}
}

// end counts the end of a test, or of a package when e.Test is empty.
func (t *tally) end(e event, output []string) {
	if e.Test == "" {
		t.packages++
		if e.Action == "fail" && !t.broken[e.Package] {
			t.failed++
		}
		if e.Action != "skip" {
			fmt.Printf("%-4s %s (%s)\n", map[string]string{"pass": "ok", "fail": "FAIL"}[e.Action], e.Package, live.Clock(time.Duration(e.Elapsed*float64(time.Second))))
		}
		if e.Action == "fail" {
			fmt.Print(strings.Join(output, ""))
		}
		return
	}
	switch e.Action {
	case "pass":
		t.passed++
	case "fail":
		t.failed++
		t.broken[e.Package] = true
		fmt.Print(strings.Join(output, ""))
	case "skip":
		t.skipped++
		reason := slices.DeleteFunc(output, func(line string) bool { return strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") })
		fmt.Printf("skipped: %s %s\n%s", e.Package, e.Test, strings.Join(reason, ""))
	}
}
