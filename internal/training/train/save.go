package train

import (
	"context"
	"errors"
	"path/filepath"
	"time"
	"unsafe"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/torch"
)

// writer writes a checkpoint beside the next steps, one at a time. What it writes is a copy of weights and optimizer in the
// host's memory, 4 bytes a value: one copy, in the same place for every checkpoint.
type writer struct {
	room               map[torch.Tensor][]float32 // of the copy
	weights, optimizer []safetensors.Tensor       // the copy
	step               int                        // of the checkpoint that is being written
	done               chan error                 // its end; nil: none is being written
	took               time.Duration              // to write it; read after done
}

// copy takes weights and optimizer as they are now. None may be being written.
func (w *writer) copy(weights t5.Parameters, o optimizer) error {
	if w.room == nil {
		w.room = map[torch.Tensor][]float32{}
	}
	w.weights, w.optimizer = nil, nil
	return torch.Do(func() {
		for _, name := range weights.Names() {
			w.weights = append(w.weights, w.take(name, weights[name]))
		}
		each(o, func(name string, t torch.Tensor) error {
			w.optimizer = append(w.optimizer, w.take(name, t))
			return nil
		})
	})
}

func (w *writer) take(name string, t torch.Tensor) safetensors.Tensor {
	values, ok := w.room[t]
	if !ok {
		values = make([]float32, t.Len())
		w.room[t] = values
	}
	t.CopyFloat32s(values)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 4*len(values)) // little-endian, as all machines of libtorch are
	return safetensors.Tensor{Name: name, DType: "F32", Shape: t.Shape(), Data: raw}
}

// start runs write beside what follows.
func (w *writer) start(step int, write func() error) {
	done, began := make(chan error, 1), time.Now()
	w.step, w.done = step, done
	go func() {
		err := write()
		w.took = time.Since(began)
		done <- err
	}()
}

// writeBeat is how often a training that waits for files says that it goes on, and writeBeats how often it says so at most.
const (
	writeBeat  = 2 * time.Second
	writeBeats = 300
)

// durable learns what became of the checkpoint that is being written: its step counts as saved when it is on the disk under its
// name. With wait it waits for that.
func (r *run) durable(wait bool) error {
	done := r.writer.done
	if done == nil || !wait && len(done) == 0 {
		return nil
	}
	err := busy(r.alive, func() error { return <-done })
	r.writer.done = nil
	if err == nil {
		r.saved = r.writer.step
		r.watch.Writing += r.writer.took.Seconds()
	}
	return err
}

// checkpoint begins one where it is due: every so many steps, at the best validation so far, and at the end, where it waits for it.
func (r *run) checkpoint() error {
	defer r.watch.end(&r.watch.Checkpoint)
	if err := r.durable(false); err != nil {
		return err
	}
	if r.Step%r.request.Params.CheckpointEvery != 0 && r.Best.Step != r.Step && !r.ended(r.request.Params) {
		return nil
	}
	if err := r.save(); err != nil || !r.ended(r.request.Params) {
		return err
	}
	return r.durable(true)
}

// save copies the state, unless it has been saved, and writes it beside the next steps. It waits for the one before. All ranks come
// here in the same steps and compare what they have; rank 0 writes it.
func (r *run) save() error {
	if r.Step == r.begun {
		return nil
	}
	if err := r.ranks.same(r.model.Weights, r.Step); err != nil {
		return err
	}
	r.begun = r.Step
	if r.metrics == nil {
		return nil
	}
	if err := r.durable(true); err != nil {
		return err
	}
	if err := r.writer.copy(r.model.Weights, r.optimizer); err != nil {
		return err
	}
	state := checkpointState{reached: r.reached, Run: r.id, Seed: r.request.Seed, Computed: r.computed}
	r.writer.start(r.Step, func() error { return r.write(state) })
	return nil
}

// write makes the copied state a checkpoint. It runs beside the steps: it reads the copy and what does not change.
func (r *run) write(state checkpointState) error {
	if err := errors.Join(r.metrics.sync(), r.validations.sync()); err != nil {
		return err
	}
	err := saveCheckpoint(r.request.Work, state, func(dir string) error {
		if err := safetensors.Write(filepath.Join(dir, modelFile), r.writer.weights); err != nil {
			return err
		}
		if err := r.model.Config.Save(dir); err != nil {
			return err
		}
		return safetensors.Write(filepath.Join(dir, optimizerFile), r.writer.optimizer)
	})
	if err != nil {
		return err
	}
	return keepNewest(r.request.Work, r.request.Params.KeepCheckpoints, state.Best.Step)
}

// stop saves what is done and returns ctx's error.
func (r *run) stop(ctx context.Context) error {
	if err := r.save(); err != nil {
		return err
	}
	if err := r.durable(true); err != nil {
		return err
	}
	return ctx.Err()
}
