// Package bounded reads files that may be larger than they should be.
package bounded

import (
	"fmt"
	"io"
	"os"
)

// Read reads a file of at most so many bytes. What Stat says of its size is not asked.
func Read(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s: has more than %d bytes", path, most)
	}
	return b, err
}
