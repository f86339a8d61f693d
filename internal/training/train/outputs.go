package train

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"crosssum/internal/engine"
)

// Files of a checkpoint and of the work folder.
const (
	modelFile      = "model.safetensors"
	optimizerFile  = "optimizer.safetensors"
	configFile     = "config.json"
	metricsFile    = "metrics.jsonl"
	validationFile = "validation.jsonl"
	timingsFile    = "timings.jsonl"

	vocabularyFile = "spiece.model" // of the model that is trained
)

// outputs are where a training tells of itself. Of several ranks, rank 0 has journals and writes; the others do neither.
type outputs struct {
	report engine.Report
	writer writer
	watch  watch

	metrics, validations, timings *journal
	events                        *os.File

	resumed      int // the step that it went on from
	begun, saved int // the last checkpoint: begun, and durable
	last         metric
	notes        []string
}

func (out *outputs) note(format string, args ...any) {
	out.notes = append(out.notes, fmt.Sprintf(format, args...))
	log.Printf("train: "+format, args...)
}

// openJournals opens what is written step by step, cut back to a checkpoint; the timings of steps that are taken again stay.
func (out *outputs) openJournals(in *inputs, s checkpointState) (err error) {
	work := in.request.Work
	at := func(name string) string { return filepath.Join(work, name) }
	metrics, validations, err := journalEnds(work, in.request.Params, s)
	if err != nil {
		return err
	}
	timings, err := wholeEnd(at(timingsFile))
	if err != nil {
		return err
	}
	if out.metrics, err = openJournal(at(metricsFile), metrics); err != nil {
		return err
	}
	if out.timings, err = openJournal(at(timingsFile), timings); err != nil {
		return err
	}
	if in.held != nil {
		if out.validations, err = openJournal(at(validationFile), validations); err != nil {
			return err
		}
	}
	if err := writeEvents(at(eventsFile), work, true); err != nil {
		return err
	}
	out.events, err = os.OpenFile(at(eventsFile), os.O_WRONLY|os.O_APPEND, 0o644)
	return err
}

func (out *outputs) log(line metric) error {
	defer out.watch.end(&out.watch.Log)
	out.last = line
	if err := out.metrics.add(line); err != nil {
		return err
	}
	return out.show(line.Step, line.scalars())
}

// timed logs what the step took, with what was due behind it.
func (out *outputs) timed(step int) error {
	line := out.watch.line(step)
	if err := out.timings.add(line); err != nil {
		return err
	}
	return out.show(step, line.scalars())
}

// show adds the scalars of a step to the work folder's file.
func (out *outputs) show(step int, scalars []scalar) error {
	if out.events == nil { // of another rank than 0
		return nil
	}
	_, err := out.events.Write(events(nil, step, scalars))
	return err
}

func (out *outputs) close() {
	out.metrics.close()
	out.validations.close()
	out.timings.close()
	if out.events != nil {
		out.events.Close()
	}
}
