// Package crash ends the process at a named point, so that tests can show that nothing is lost there.
package crash

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Variable holds "<point>:<n>": the process kills itself with SIGKILL when it comes to the point for the n-th time.
const Variable = "CROSSSUM_CRASH"

// FromEnvironment returns what to call at points, or nil when the variable is not set: the ordinary case.
func FromEnvironment() func(point string) {
	wanted, count, ok := strings.Cut(os.Getenv(Variable), ":")
	n, err := strconv.ParseInt(count, 10, 64)
	if !ok || err != nil {
		return nil
	}
	var seen atomic.Int64
	return func(point string) {
		if point == wanted && seen.Add(1) == n {
			fmt.Fprintf(os.Stderr, "%s=%s:%d: ending here\n", Variable, wanted, n)
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}
