package engine

import (
	"errors"
	"strings"
	"testing"

	"crosssum/internal/fault"
	"crosssum/schemas"
)

func TestARankMayBeLostOnceACheckpointBeforeThereAreFewer(t *testing.T) {
	work := t.TempDir()
	failure := &fault.Error{Type: schemas.LostRank, Message: "rank 3 was lost"}
	for i, c := range []struct {
		step, ranks int
		says        string
	}{
		{100, 4, "all 4 ranks start again from the checkpoint of step 100"},
		{200, 4, "all 4 ranks start again from the checkpoint of step 200"},
		{200, 2, "with ranks 2 in place of 4"}, // 3 do not divide the batch
		{200, 2, "all 2 ranks start again"},
		{200, 1, "with ranks 1 in place of 2"},
	} {
		err := LoseRank(work, 4, 256, c.step, failure)
		var typed *fault.Error
		if !errors.As(err, &typed) || typed.Type != schemas.LostRank || !strings.Contains(err.Error(), c.says) {
			t.Errorf("loss %d: %v", i, err)
		}
		l, err := ReadLessons(work)
		if err != nil || l.Processes(4) != c.ranks || l.Processes(1) != 1 {
			t.Errorf("loss %d: %+v, %v", i, l, err)
		}
	}
}
