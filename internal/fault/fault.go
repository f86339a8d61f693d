// Package fault is the vocabulary of errors: a type, which says what becomes of a failed attempt (schemas.Failures), and a message
// for a person. Every library uses it, and the engine's protocol carries it.
package fault

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"crosssum/schemas"
)

// Error is a classified failure: Type is one of schemas' error types. Final: this one is not worth another try, whatever its
// class says.
type Error struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Final   bool   `json:"final,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// New makes an error of a type.
func New(kind, format string, args ...any) *Error {
	return &Error{Type: kind, Message: fmt.Sprintf(format, args...)}
}

// Of gives an error a type.
func Of(kind string, err error) *Error { return &Error{Type: kind, Message: err.Error()} }

// Full is the error of a write that found no room, with what to do; nil for any other one.
func Full(err error) *Error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return nil
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) { // of many writes that failed, one says it
		err = path
	}
	return New(schemas.DiskFull, "%v: the disk is full: make room there; the run tries again by itself, and one "+
		"that has ended goes on where it was when it is started again", err)
}

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
	case OfMemory(err.Error()):
		return Of(schemas.OutOfMemory, err)
	case says(err.Error(), deviceSigns):
		return Of(schemas.LostDevice, err)
	}
	return nil
}

// OfMemory says whether a message tells of a failed allocation. A device that has none left says so with both kinds of signs.
func OfMemory(message string) bool { return says(message, memorySigns) }

func says(message string, signs []string) bool {
	message = strings.ToLower(message)
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(message, sign) })
}
