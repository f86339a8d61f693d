// Package fasttext applies fastText classifiers (.bin or .ftz) through the C++ library.
package fasttext

/*
#cgo CXXFLAGS: -std=c++17
#cgo LDFLAGS: -lfasttext
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"unsafe"
)

// Model is a loaded classifier. It is safe for concurrent use and freed by the garbage collector.
type Model struct {
	handle C.ft_model
	labels []string
}

// Prediction is one label with its probability.
type Prediction struct {
	Label       int     // index in Labels
	Probability float64 // may exceed 1 by 1e-5, as the library computes it
}

// maxLabels bounds the label count of a model file: lid.176 has 176.
const maxLabels = 1 << 20

// Load reads the classifier at path.
func Load(path string) (*Model, error) {
	if err := check(path); err != nil {
		if _, missing := err.(*fs.PathError); missing {
			return nil, err
		}
		return nil, fmt.Errorf("%s: not a readable fastText classifier: %w", path, err)
	}
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	m := &Model{}
	var labels C.int
	if err := failure(C.ft_load(name, &m.handle, &labels)); err != nil {
		return nil, fmt.Errorf("%s: not a readable fastText classifier: %w", path, err)
	}
	runtime.SetFinalizer(m, func(m *Model) { C.ft_free(m.handle) })
	if labels <= 0 || labels > maxLabels {
		return nil, fmt.Errorf("%s: a classifier of %d labels", path, int(labels))
	}
	for i := C.int(0); i < labels; i++ {
		var label *C.char
		if err := failure(C.ft_label(m.handle, i, &label)); err != nil {
			return nil, fmt.Errorf("%s: label %d: %w", path, int(i), err)
		}
		m.labels = append(m.labels, C.GoString(label))
		C.free(unsafe.Pointer(label))
	}
	return m, nil
}

// Labels are the names of the labels, such as "__label__en", by index. The caller must not change them.
func (m *Model) Labels() []string { return m.labels }

// Predict classifies one line, best label first. Labels under the library's floor of 1e-5 are left out, and a line
// without words has none. A line ends at its first line feed: the caller decides what stands for line feeds.
func (m *Model) Predict(line string) ([]Prediction, error) {
	if strings.IndexByte(line, '\n') >= 0 {
		return nil, errors.New("fastText reads one line, and this text has several")
	}
	ids := make([]C.int32_t, len(m.labels))
	probabilities := make([]C.float, len(m.labels))
	var n C.int
	err := failure(C.ft_predict(m.handle, (*C.char)(unsafe.Pointer(unsafe.StringData(line))), C.size_t(len(line)),
		C.int(len(m.labels)), &ids[0], &probabilities[0], &n))
	runtime.KeepAlive(m)
	if err != nil {
		return nil, fmt.Errorf("classifying %d bytes: %w", len(line), err)
	}
	out := make([]Prediction, n)
	for i := range out {
		out[i] = Prediction{Label: int(ids[i]), Probability: float64(probabilities[i])}
	}
	return out, nil
}

// failure takes over a message of the C side.
func failure(message *C.char) error {
	if message == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(message))
	return errors.New(strings.TrimSpace(C.GoString(message)))
}
