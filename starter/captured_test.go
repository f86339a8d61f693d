package main

import (
	"io"
	"os"
	"testing"
)

// captured is what f writes to standard output.
func captured(t *testing.T, f func()) string {
	t.Helper()
	return written(t, &os.Stdout, f)
}

// complained is what f writes to standard error.
func complained(t *testing.T, f func()) string {
	t.Helper()
	return written(t, &os.Stderr, f)
}

func written(t *testing.T, to **os.File, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	saved := *to
	*to = w
	text := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		text <- string(b)
	}()
	f()
	*to = saved
	w.Close()
	return <-text
}
