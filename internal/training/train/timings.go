package train

import "time"

// timing is one line of timings.jsonl: what does not repeat. A step that a resumed run takes again has a line again.
//
// Sequences are packed: what is computed are Tokens, and nothing for padding. PaddedTokens is what the same micro-batches would
// be as rectangles, their sequences sorted by length as they are here; PaddingShare is what of it would be wasted.
type timing struct {
	Step            int     `json:"step"`
	Seconds         float64 `json:"seconds"` // of the step with everything below
	Data            float64 `json:"data_seconds"`
	Passes          float64 `json:"forward_backward_seconds"`
	Optimizer       float64 `json:"optimizer_seconds"`
	Log             float64 `json:"log_seconds"` // of metrics.jsonl and the events
	Validation      float64 `json:"validation_seconds"`
	Checkpoint      float64 `json:"checkpoint_seconds"`       // that the steps stood still: for the copy, and for the one before to be written
	CheckpointShare float64 `json:"checkpoint_share"`         // of all time since the training was started or resumed
	Writing         float64 `json:"checkpoint_write_seconds"` // of the checkpoint that became durable in this step, beside the steps
	Tokens          int     `json:"tokens"`                   // of sources and targets
	TokensPerSecond float64 `json:"tokens_per_second"`        // of the step without validation
	PaddedTokens    int     `json:"padded_tokens"`
	PaddingShare    float64 `json:"padding_share"`
	Memory          int64   `json:"memory_bytes"` // resident in the process
	PeakMemory      int64   `json:"peak_memory_bytes"`
}

// count adds the tokens of a micro-batch.
func (t *timing) count(b microBatch) {
	for _, lengths := range [][]int{b.Sources.Length, b.Targets.Length} {
		longest := 0
		for _, n := range lengths {
			t.Tokens += n
			longest = max(longest, n)
		}
		t.PaddedTokens += longest * len(lengths)
	}
}

// others adds the tokens of the shares that other ranks have of a batch: a step's line is of the whole of it.
func (t *timing) others(batch []sequence, size, rank, ranks int) {
	for other := range ranks {
		if other != rank {
			batches, _ := share(batch, size, other, ranks)
			for _, b := range batches {
				t.count(b)
			}
		}
	}
}

// watch measures the phases of the step under way.
type watch struct {
	timing
	began, step, phase time.Time // of the run, the step, the phase
	checkpoints        float64   // seconds in all
}

func newWatch() watch {
	now := time.Now()
	return watch{began: now, step: now, phase: now}
}

// end ends a phase: what passed since the last one ended is its time.
func (w *watch) end(phase *float64) {
	now := time.Now()
	*phase += now.Sub(w.phase).Seconds()
	w.phase = now
}

// line ends the step and begins the next.
func (w *watch) line(step int) timing {
	now := time.Now()
	t := w.timing
	t.Step, t.Seconds = step, now.Sub(w.step).Seconds()
	t.TokensPerSecond = float64(t.Tokens) / max(t.Seconds-t.Validation, 1e-9)
	t.PaddingShare = 1 - float64(t.Tokens)/float64(max(t.PaddedTokens, 1))
	w.checkpoints += t.Checkpoint
	t.CheckpointShare = w.checkpoints / max(now.Sub(w.began).Seconds(), 1e-9)
	resident, peak := residence() // kB
	t.Memory, t.PeakMemory = int64(resident)<<10, int64(peak)<<10
	w.timing, w.step, w.phase = timing{}, now, now
	return t
}
