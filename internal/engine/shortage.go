package engine

import (
	"bufio"
	"errors"
	"os"
	"strconv"
	"strings"

	"crosssum/schemas"
)

// memorySigns are what libraries say when an allocation failed: libtorch, the C++ library, CUDA, Go's runtime, the system; and when
// a thread got no stack.
var memorySigns = []string{"can't allocate memory", "cannot allocate memory", "out of memory", "bad_alloc", "failed to reserve page summary memory",
	"pthread_create failed", "thread creation failed"}

// deviceSigns are what they say when a device is gone, or its context cannot be used any more.
var deviceSigns = []string{"cuda error", "cuda driver error", "cublas_status_", "cudnn_status_", "no cuda-capable device", "nvml:", "uncorrectable ecc error"}

// Shortage is the typed error of one without a class that tells of a failed allocation (OutOfMemory) or of a device that is gone
// (LostDevice); nil for any other one. A model that could not be loaded may have had no room.
func Shortage(err error) *Error {
	var typed *Error
	switch {
	case errors.As(err, &typed) && typed.Type != schemas.MissingModel && typed.Type != schemas.EngineError:
		return nil
	case shortOfMemory(err.Error()):
		return &Error{Type: schemas.OutOfMemory, Message: err.Error()}
	case says(err.Error(), deviceSigns):
		return &Error{Type: schemas.LostDevice, Message: err.Error()}
	}
	return nil
}

// shortOfMemory says whether a message tells of a failed allocation. A device that has none left says so with both kinds of signs.
func shortOfMemory(message string) bool { return says(message, memorySigns) }

func says(message string, signs []string) bool {
	message = strings.ToLower(message)
	for _, sign := range signs {
		if strings.Contains(message, sign) {
			return true
		}
	}
	return false
}

// killsForMemory is how many processes the kernel's OOM killer has ended since the machine started; -1 where nobody counts.
// Limits of control groups, which containers and batch systems set, count too.
func killsForMemory() int64 {
	f, err := os.Open("/proc/vmstat")
	if err != nil {
		return -1
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "oom_kill "); ok {
			if n, err := strconv.ParseInt(value, 10, 64); err == nil {
				return n
			}
		}
	}
	return -1
}
