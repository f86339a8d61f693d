package processes

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// PortFree says whether a port of the loopback address can be listened to.
func PortFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// FreePort is the first port from which on port and port+gap can be listened to.
func FreePort(port, gap int) (int, error) {
	for p := port; p < port+500 && p+gap < 65536; p++ {
		if PortFree(p) && PortFree(p+gap) {
			return p, nil
		}
	}
	return 0, fmt.Errorf("no free port from %d to %d", port, port+499)
}

// PortHolder says who listens to a loopback port, as far as this user may know: "process 123 (temporal)".
func PortHolder(port int) string {
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			fields := strings.Fields(lines.Text()) // 1: local address:port in hex, 3: state (0A: listening), 9: inode
			if len(fields) > 9 && fields[3] == "0A" && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				inodes["socket:["+fields[9]+"]"] = true
			}
		}
		f.Close()
	}
	descriptors, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, d := range descriptors {
		if target, err := os.Readlink(d); err == nil && inodes[target] {
			pid := strings.Split(d, "/")[2]
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			return fmt.Sprintf("process %s (%s)", pid, strings.TrimSpace(string(name)))
		}
	}
	return "a process of another user"
}
