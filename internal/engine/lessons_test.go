package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crosssum/internal/fault"
	"crosssum/schemas"
)

func TestAfterAShortageTheMicroBatchIsHalvedUntilItIsOne(t *testing.T) {
	work := t.TempDir()
	for _, want := range []int{5, 2, 1} {
		err := Halve(work, schemas.TrainParams{MicroBatch: 11, SourceTokens: 512}, &fault.Error{Type: schemas.OutOfMemory, Message: "train: step 41: no memory"})
		var typed *fault.Error
		if !errors.As(err, &typed) || typed.Type != schemas.OutOfMemory || typed.Final {
			t.Fatalf("%v", err)
		}
		l, err := ReadLessons(work)
		if err != nil || l.Effective(11) != want || !strings.HasPrefix(l.Because[len(l.Because)-1], "micro_batch is ") {
			t.Fatalf("lessons %+v, %v; want %d", l, err, want)
		}
	}
	var last *fault.Error
	if err := Halve(work, schemas.TrainParams{MicroBatch: 11, SourceTokens: 512}, &fault.Error{Type: schemas.KilledForMemory, Message: "m"}); !errors.As(err, &last) || !last.Final || !strings.Contains(err.Error(), `{"train": {"source_tokens": 256}} in the file of --params`) {
		t.Errorf("with a micro-batch of one: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(work, "*")); len(left) != 1 {
		t.Errorf("the folder holds %v", left)
	}
	if l, _ := ReadLessons(work); l.Effective(0) != 0 {
		t.Error("a smaller micro-batch was raised")
	}
}

func TestTheThirdHangInOneStepIsTheLast(t *testing.T) {
	work := t.TempDir()
	for i, step := range []int64{7, 9, 9, 9} {
		var typed *fault.Error
		err := CountHang(work, step, &fault.Error{Type: schemas.Hang, Message: "no progress"})
		if !errors.As(err, &typed) || typed.Final != (i == 3) || typed.Final && !strings.Contains(err.Error(), `{"train": {"micro_batch": 1}} in the file of --params`) {
			t.Errorf("hang %d, in step %d: %v", i, step, err)
		}
	}
}

func TestLessonsThatCannotBeReadAreNamed(t *testing.T) {
	for _, text := range []string{"{", `{"micro_batch": -1}`} {
		work := t.TempDir()
		if err := os.WriteFile(filepath.Join(work, LessonsFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var typed *fault.Error
		if _, err := ReadLessons(work); !errors.As(err, &typed) || typed.Type != schemas.CorruptObject || !strings.Contains(err.Error(), LessonsFile+": ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestARequestThatCountsStepsIsGivenSoManyTimesTheMedianStep(t *testing.T) {
	for _, c := range []struct {
		seconds []float64 // from one step to the next
		want    time.Duration
	}{
		{nil, 48 * time.Second},
		{[]float64{3}, 48 * time.Second}, // it holds loading
		{[]float64{1, 1, 1}, 30 * time.Second},
		{[]float64{1, 1, 40, 1}, 30 * time.Second}, // one slow step changes nothing
		{[]float64{0.1, 0.1}, 20 * time.Second},    // a checkpoint may take longer than thirty such steps
		{[]float64{10, 10, 10}, 48 * time.Second},  // the heart is silent before that
	} {
		w := newWatch(Job{Stall: 48 * time.Second, HangSteps: 30})
		defer w.timer.Stop()
		now := time.Now()
		w.ended(0, now)
		for i, s := range c.seconds {
			now = now.Add(time.Duration(s * float64(time.Second)))
			w.ended(int64(i+1), now)
		}
		if w.limit != c.want {
			t.Errorf("steps of %v s: patience %s, want %s", c.seconds, w.limit, c.want)
		}
	}
	w := newWatch(Job{Stall: 48 * time.Second, HangSteps: 30})
	defer w.timer.Stop()
	now := time.Now()
	w.ended(0, now)                                                      // it loads
	if w.ended(100, now.Add(2*time.Second)); w.limit != 48*time.Second { // and goes on from step 100: a step of 30 s is no hang
		t.Errorf("resumed at step 100: patience %s", w.limit)
	}
	now = now.Add(2 * time.Second)
	if w.ended(110, now.Add(10*time.Second)); w.median() != time.Second { // events are some tenths of a second apart
		t.Errorf("ten steps in ten seconds have the median %s", w.median())
	}
}

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
