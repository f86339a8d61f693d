// Package smallmemory lets tests run into the kernel's OOM killer: the real one, in a control group with little memory.
package smallmemory

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Group is a control group with a limit on memory.
type Group struct{ dir string }

// New makes a group for so many bytes beside what its processes have when they join. Only root may: for others the test is
// skipped, and says so.
func New(t testing.TB, bytes int64) *Group {
	t.Helper()
	var why error
	for _, kind := range []struct{ root, limit, marker string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.limit_in_bytes"}, // version 1
		{"/sys/fs/cgroup", "memory.max", "cgroup.controllers"},
	} {
		if _, err := os.Stat(filepath.Join(kind.root, kind.marker)); err != nil {
			why = err
			continue
		}
		g := &Group{filepath.Join(kind.root, "crosssum-test-"+strconv.Itoa(os.Getpid())+"-"+strconv.FormatInt(time.Now().UnixNano(), 36))}
		if why = os.Mkdir(g.dir, 0o755); why != nil {
			continue
		}
		t.Cleanup(func() {
			for range 500 { // a process that was just killed is still in it
				if err := os.Remove(g.dir); err == nil || os.IsNotExist(err) {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Errorf("%s cannot be removed", g.dir)
		})
		if why = os.WriteFile(filepath.Join(g.dir, kind.limit), []byte(strconv.FormatInt(bytes, 10)), 0o644); why == nil {
			return g
		}
	}
	t.Skipf("NOT TESTED: what the kernel's OOM killer does. It takes root, and the memory controller, to make a control group: %v. Run this test as root.", why)
	return nil
}

// File is what a process writes "0" to in order to join the group, or somebody else its id.
func (g *Group) File() string { return filepath.Join(g.dir, "cgroup.procs") }
