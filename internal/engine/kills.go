package engine

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// killsForMemory counts the processes that the kernel's OOM killer has ended where a process lives.
type killsForMemory struct {
	file  string // "": nobody counts
	count int64
}

// killsAround counts in the process's own control group of memory, so that what becomes of strangers is not taken for its fate;
// on the whole machine where there is no such group. Limits of outer groups count as the inner one's.
func killsAround(pid int) killsForMemory {
	raw, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	for line := range strings.Lines(string(raw)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3) // number, controllers, path
		if len(fields) != 3 {
			continue
		}
		file := ""
		switch fields[1] {
		case "memory": // version 1
			file = filepath.Join("/sys/fs/cgroup/memory", fields[2], "memory.oom_control")
		case "": // version 2
			file = filepath.Join("/sys/fs/cgroup", fields[2], "memory.events")
		}
		if k := (killsForMemory{file: file}); file != "" {
			if k.count = k.now(); k.count >= 0 {
				return k
			}
		}
	}
	k := killsForMemory{file: "/proc/vmstat"}
	k.count = k.now()
	return k
}

// running says whether a child has not ended yet.
func running(pid int) bool {
	raw, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, state, ok := strings.Cut(string(raw), ") ") // behind the name in brackets
	return ok && !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// more says whether the OOM killer has ended a process since.
func (k killsForMemory) more() bool { return k.count >= 0 && k.now() > k.count }

// now reads the count; -1 where there is none.
func (k killsForMemory) now() int64 {
	raw, _ := os.ReadFile(k.file)
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, "oom_kill "); ok {
			if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
				return n
			}
		}
	}
	return -1
}
