package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// Lessons are what earlier attempts of a training have learned and its parameters do not say. They lie in the work folder that
// attempts share, as a small file that is replaced in one go; there is none while all goes as the parameters say.
type Lessons struct {
	MicroBatch int      `json:"micro_batch,omitempty"`                     // samples a forward pass; 0: the parameter's
	Ranks      int      `json:"ranks,omitempty"`                           // processes; 0: as many as were asked for
	Because    []string `json:"because,omitempty"`                         // a line for each time that one of them was lowered
	Since      int      `json:"not_bit_reproducible_since_step,omitempty"` // beside a model alone; a checkpoint knows its own
	LostAfter  int      `json:"lost_after,omitempty"`                      // the checkpoint before the last loss of a rank
	Losses     int      `json:"losses,omitempty"`                          // so many in a row were after that one
	HungIn     int64    `json:"hung_in,omitempty"`                         // the step of the last hang
	Hangs      int      `json:"hangs,omitempty"`                           // so many in a row were in that step
}

// LessonsFile is the name of the file in the work folder.
const LessonsFile = "lessons.json"

// hangs of one step that end a training.
const lastHang = 3

// ReadLessons reads those of a work folder; none without the file.
func ReadLessons(work string) (l Lessons, err error) {
	path := filepath.Join(work, LessonsFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	if err = json.Unmarshal(raw, &l); err == nil && (l.MicroBatch < 0 || l.Ranks < 0) {
		err = fmt.Errorf("micro_batch %d, ranks %d", l.MicroBatch, l.Ranks)
	}
	if err != nil {
		return l, fault.New(schemas.CorruptObject, "%s: %v: remove it, and the training goes on with its parameters", path, err)
	}
	return l, nil
}

// Write replaces those of a work folder.
func (l Lessons) Write(work string) error {
	raw, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(work, LessonsFile), append(raw, '\n'))
}

// Effective is the micro-batch to train with where the parameters say asked.
func (l Lessons) Effective(asked int) int {
	if l.MicroBatch > 0 {
		return min(l.MicroBatch, asked)
	}
	return asked
}

// Halve makes the next attempt in a work folder take half the micro-batch of this one, and returns failure with what it will do.
// With a micro-batch of 1 there is no next attempt.
func Halve(work string, asked schemas.TrainParams, failure *fault.Error) error {
	l, err := ReadLessons(work)
	if err != nil {
		return errors.Join(failure, err)
	}
	now := l.Effective(asked.MicroBatch)
	if now <= 1 {
		return &fault.Error{Type: failure.Type, Final: true, Message: failure.Message + ": micro_batch is 1 already: lower source_tokens or " +
			"target_tokens, take a smaller model, or give the machine more memory. To lower one: " + schemas.Give("train.source_tokens", max(2, asked.SourceTokens/2))}
	}
	l.MicroBatch = now / 2
	l.Because = append(l.Because, fmt.Sprintf("micro_batch is %d where it was %d: %.300s", l.MicroBatch, now, failure.Message))
	if err := l.Write(work); err != nil {
		return errors.Join(failure, err)
	}
	return fault.New(failure.Type, "%s: it goes on from its last checkpoint with micro_batch %d in place of %d: the same "+
		"batches, but not the same last bits", failure.Message, l.MicroBatch, now)
}

// CountHang notes a hang in a step, and returns failure; the third in a row in the same step is final.
func CountHang(work string, step int64, failure *fault.Error) error {
	l, err := ReadLessons(work)
	if err != nil {
		return errors.Join(failure, err)
	}
	if l.HungIn != step {
		l.HungIn, l.Hangs = step, 0
	}
	l.Hangs++
	if err := l.Write(work); err != nil {
		return errors.Join(failure, err)
	}
	if l.Hangs >= lastHang {
		return &fault.Error{Type: failure.Type, Final: true, Message: fmt.Sprintf("%s: that was hang %d in step %d: if a step may take so long here, raise "+
			"stages.train.heartbeat_seconds in temporal.yaml, or lower train.micro_batch: %s", failure.Message, l.Hangs, step, schemas.Give("train.micro_batch", 1))}
	}
	return failure
}

// lossesInARow are how many times a rank may be lost since one and the same checkpoint before the next attempt has fewer: what
// killed one may have been an accident.
const lossesInARow = 2

// Processes is the number of ranks to train with where the parameters say asked.
func (l Lessons) Processes(asked int) int {
	if l.Ranks > 0 {
		asked = min(l.Ranks, asked)
	}
	return max(asked, 1)
}

// LoseRank notes the loss of a rank after the checkpoint of a step, and returns failure with what the next attempt will do: the same
// number of ranks once more; after the next loss the largest smaller number that divides the batch.
func LoseRank(work string, asked, batch, step int, failure *fault.Error) error {
	l, err := ReadLessons(work)
	if err != nil {
		return errors.Join(failure, err)
	}
	if l.LostAfter != step {
		l.LostAfter, l.Losses = step, 0
	}
	l.Losses++
	now := l.Processes(asked)
	next := fmt.Sprintf("all %d ranks start again from the checkpoint of step %d", now, step)
	if l.Losses >= lossesInARow && now > 1 {
		l.Ranks, l.Losses = now-1, 0
		for batch%l.Ranks != 0 {
			l.Ranks--
		}
		l.Because = append(l.Because, fmt.Sprintf("ranks is %d where it was %d: %.300s", l.Ranks, now, failure.Message))
		next = fmt.Sprintf("it goes on from the checkpoint of step %d with ranks %d in place of %d: the same batches, but not the same last bits",
			step, l.Ranks, now)
	}
	if err := l.Write(work); err != nil {
		return errors.Join(failure, err)
	}
	return &fault.Error{Type: failure.Type, Message: failure.Message + ": " + next}
}
