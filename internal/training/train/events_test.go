package train

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestTheEventsFileIsTensorBoardsToTheByte(t *testing.T) { // see testdata/make_events.py
	work := t.TempDir()
	write := func(name string, lines ...any) {
		j, err := openJournal(filepath.Join(work, name), 0)
		must(t, err)
		for _, line := range lines {
			must(t, j.add(line))
		}
		j.close()
	}
	write(metricsFile, metric{Step: 1, Loss: 9.5, LearningRate: 1e-4, GradientNorm: 12.25}, metric{Step: 2, Loss: 9.25, LearningRate: 2e-4, GradientNorm: 11.5},
		metric{Step: 3, Loss: 4.125, LearningRate: 0.5, GradientNorm: 0.75})
	write(validationFile, validation{Step: 2, Samples: 3, Loss: 5.5, Rouge2: 1.25, Groups: []groupValidation{{"low", 1, 6, 0.5}, {"high", 2, 5.25, 1.625}}})
	took := timing{Seconds: 2, Data: 0.125, Passes: 1.5, Optimizer: 0.25, TokensPerSecond: 512, PaddingShare: 0.0625, Memory: 1 << 30, PeakMemory: 3 << 29}
	first, again, killed, lost := took, took, took, took
	first.Step, again.Step, killed.Step, lost.Step = 1, 2, 2, 4
	first.Checkpoint, first.Seconds, killed.Seconds = 0.5, 2.5, 99
	write(timingsFile, first, killed, lost, again) // step 2 was taken twice, and step 4 not again yet
	for name, timings := range map[string]bool{"events.bin": false, "events_work.bin": true} {
		path := filepath.Join(work, name)
		must(t, writeEvents(path, work, timings))
		got, err := os.ReadFile(path)
		must(t, err)
		want, err := os.ReadFile(filepath.Join("testdata", name))
		must(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%x\nTensorBoard writes\n%x", name, got, want)
		}
	}
}
