package train

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"crosssum/internal/testkit/smalldisk"
)

// TestATrainingThatMeetsAFullDiskGoesOnFromItsLastWholeCheckpoint: the disk is full when a checkpoint is to be written, at
// every quarter of it.
func TestATrainingThatMeetsAFullDiskGoesOnFromItsLastWholeCheckpoint(t *testing.T) {
	request := toy(t)
	model, metrics, _ := trainIn(t, request, t.TempDir())
	disk := smalldisk.New(t, "64m")
	for quarter := range int64(4) {
		work := filepath.Join(disk.Dir, "work")
		must(t, os.Mkdir(work, 0o755))
		stopAfter(t, request, work, 7)
		newest, step, err := NewestCheckpoint(work)
		must(t, err)
		disk.Fill(size(t, newest) * quarter / 4)
		failing := request
		failing.Work, failing.Output = work, t.TempDir()
		if _, err := Run(context.Background(), failing, nil); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), work) {
			t.Errorf("quarter %d: %v", quarter, err)
		}
		disk.Free()
		if _, still, err := NewestCheckpoint(work); err != nil || still != step {
			t.Errorf("quarter %d: the newest checkpoint is of step %d, and was of %d: %v", quarter, still, step, err)
		}
		again, metricsAgain, result := trainIn(t, request, work)
		if result.ResumedFrom != int64(step) || !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
			t.Errorf("quarter %d: resumed from %d, same model %v, same metrics %v", quarter, result.ResumedFrom, bytes.Equal(model, again), bytes.Equal(metrics, metricsAgain))
		}
		must(t, os.RemoveAll(work))
	}
}

// size is how many bytes the files of a folder have.
func size(t *testing.T, dir string) (sum int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		info, err := e.Info()
		must(t, err)
		sum += info.Size()
	}
	return sum
}
