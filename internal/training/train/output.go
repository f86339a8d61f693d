package train

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/fault"
	"crosssum/internal/model/t5"
	"crosssum/schemas"
)

// finish writes the output, whole and beside its place, and moves config.json last, which is what makes a folder a model: a training that
// is killed amid it leaves no half of one, and the next attempt writes it again.
func (r *run) finish() error {
	if err := atomicfile.Sweep(r.request.Output); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(r.request.Output, atomicfile.Prefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := r.writeOutput(dir); err != nil {
		return err
	}
	atPoint("output-written")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	move := func(name string) error {
		return atomicfile.Move(filepath.Join(dir, name), filepath.Join(r.request.Output, name))
	}
	for _, e := range entries {
		if e.Name() == configFile {
			continue
		}
		if err := move(e.Name()); err != nil {
			return err
		}
	}
	atPoint("output-moved")
	return move(configFile)
}

func (r *run) writeOutput(dir string) error {
	if r.Step < r.request.Params.Steps {
		r.note("ended after step %d: %d validations in a row were not better than that of step %d", r.Step, r.Waited, r.Best.Step)
	}
	for _, name := range []string{metricsFile, validationFile, timingsFile} {
		err := atomicfile.Copy(filepath.Join(r.request.Work, name), filepath.Join(dir, name))
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && name == validationFile) {
			return err
		}
	}
	if err := writeEvents(filepath.Join(dir, eventsFile), r.request.Work, false); err != nil {
		return err
	}
	if r.NotReproducibleSince > 0 {
		r.lessons.Since = r.NotReproducibleSince
		if err := r.lessons.Write(dir); err != nil {
			return err
		}
	}
	r.writer = writer{} // its memory
	if r.request.Params.Output == "best" && r.Best.Step != r.Step {
		if err := r.takeBest(); err != nil {
			return err
		}
	}
	return errors.Join(r.writeCard(dir), r.record(dir), r.model.Save(dir, r.request.Model, false))
}

// takeBest makes the weights of the best validation those of the model.
func (r *run) takeBest() error {
	name := checkpointName(r.Best.Step)
	dir := filepath.Join(r.request.Work, name)
	if _, err := verifyCheckpoint(dir, r.id); err != nil {
		return &fault.Error{Type: schemas.CorruptObject, Message: "train: the best checkpoint, " + dir + ", cannot be the output: " + err.Error() +
			"; the newest is good: set train.output to \"last\", or remove the folder above it to train again"}
	}
	r.note("the output is %s, the best of the validations", name)
	r.model.Free()
	var err error
	r.model.Weights, err = t5.LoadWeights(filepath.Join(dir, modelFile), r.model.Config)
	return err
}
