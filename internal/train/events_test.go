package train

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestTheEventsFileIsTensorBoardsToTheByte(t *testing.T) { // see testdata/make_events.py
	path := filepath.Join(t.TempDir(), eventsFile)
	must(t, writeEvents(path, []metric{{Step: 1, Loss: 9.5, LearningRate: 1e-4, GradientNorm: 12.25},
		{Step: 2, Loss: 9.25, LearningRate: 2e-4, GradientNorm: 11.5}, {Step: 300, Loss: 4.125, LearningRate: 0.5, GradientNorm: 0.75}}))
	got, err := os.ReadFile(path)
	must(t, err)
	want, err := os.ReadFile("testdata/events.bin")
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%x\nTensorBoard writes\n%x", got, want)
	}
}
