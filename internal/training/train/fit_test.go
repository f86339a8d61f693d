package train

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/schemas"
)

// TestSmallDataAreTrainedOnInSmallerMiniBatches: the toy's pairs have 12 samples each.
func TestSmallDataAreTrainedOnInSmallerMiniBatches(t *testing.T) {
	request := toy(t)
	request.Params.MiniBatch, request.Params.FitMiniBatch = 8, false
	asked, _, _ := trainIn(t, request, t.TempDir())
	for _, mini := range []int{8, 16, 32, 64} {
		request.Params.MiniBatch, request.Params.FitMiniBatch = mini, true
		work := t.TempDir()
		stopAfter(t, request, work, 4) // and goes on from a checkpoint
		model, _, result := trainIn(t, request, work)
		fitted, said := int64(8), strings.Contains(strings.Join(result.Notes, "\n"), "train.mini_batch is 8 in place of ")
		if mini == 8 {
			fitted = 0
		}
		if !bytes.Equal(model, asked) || result.MiniBatch != fitted || said != (fitted > 0) || result.ResumedFrom == 0 {
			t.Errorf("%d: %+v", mini, result)
		}
	}
}

func TestTheCardOfAModelHasTheMiniBatchThatWasTaken(t *testing.T) {
	request := toy(t)
	request.Params.MiniBatch, request.Params.Steps = 32, 2
	request.Work, request.Output = t.TempDir(), t.TempDir()
	if _, err := Run(t.Context(), request, nil); err != nil {
		t.Fatal(err)
	}
	card, err := os.ReadFile(filepath.Join(request.Output, cardFile))
	if err != nil || !strings.Contains(string(card), "batches of 2 x 8") || schemas.Demo().Train.MiniBatch != 32 {
		t.Errorf("%s, %v", card, err)
	}
}
