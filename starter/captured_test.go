package main

import (
	"io"
	"os"
	"testing"
)

// captured is what f writes to standard output.
func captured(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	saved := os.Stdout
	os.Stdout = w
	text := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		text <- string(b)
	}()
	f()
	os.Stdout = saved
	w.Close()
	return <-text
}
