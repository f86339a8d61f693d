package engine

import (
	"errors"
	"fmt"

	"crosssum/internal/fault"
)

// OpTrainRank is how rank 0 of a training starts the others: RankRequest -> nothing. It ends when it is cancelled.
const OpTrainRank = "train-rank"

// RankRequest makes an engine one of the processes of a training with several. It takes the training's checkpoint of Step, or the
// model where that is 0, and writes no file.
type RankRequest struct {
	TrainRequest
	Rank    int    `json:"rank"`
	Ranks   int    `json:"ranks"`
	Meeting string `json:"meeting"` // the folder by which the ranks find each other
	Run     string `json:"run"`     // what its checkpoints are of
	Step    int    `json:"step"`
}

// StopFile in the folder Meeting asks a rank to end the step that it is in.
const StopFile = "stop"

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
