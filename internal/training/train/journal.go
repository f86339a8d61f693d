package train

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"crosssum/schemas"
)

// metric is one line of metrics.jsonl: what repeats when the run is repeated. Times are in timings.jsonl.
type metric struct {
	Step         int      `json:"step"` // from 1
	Loss         float64  `json:"loss"` // label-smoothed, mean over the target tokens of the batch
	LearningRate float64  `json:"learning_rate"`
	GradientNorm float64  `json:"gradient_norm"` // before clipping
	Pairs        []string `json:"pairs"`         // of the mini-batches, in order
}

// journal is an open file of JSON lines of the work folder, each with its "step". A resumed run goes on with it. What is added to
// nil is left out: of several ranks, one writes.
type journal struct{ file *os.File }

// openJournal opens the file at path and cuts it back to end.
func openJournal(path string, end int64) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err = file.Truncate(end); err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &journal{file}, nil
}

func (j *journal) add(line any) error {
	if j == nil {
		return nil
	}
	raw, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(raw, '\n'))
	return err
}

// sync brings to the disk what was added.
func (j *journal) sync() error {
	if j == nil {
		return nil
	}
	return j.file.Sync()
}

func (j *journal) close() {
	if j != nil {
		j.file.Close()
	}
}

// linesEnd is the offset behind the first n lines of the journal at path, whose steps must be every, 2 every, 3 every ...
func linesEnd(path string, n, every int) (int64, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && n == 0 {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	end := int64(0)
	for i := 1; i <= n; i++ {
		line, err := reader.ReadBytes('\n')
		var at struct{ Step int }
		if err != nil || json.Unmarshal(line, &at) != nil || at.Step != i*every {
			return 0, fmt.Errorf("%s has no good line for step %d", path, i*every)
		}
		end += int64(len(line))
	}
	return end, nil
}

// wholeEnd is the offset behind the last line of the journal at path that is there to its end.
func wholeEnd(path string) (int64, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	return int64(bytes.LastIndexByte(raw, '\n') + 1), err
}

// readJournal reads all lines of the journal at path; one that is not there has none.
func readJournal[T any](path string) (lines []T, err error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for decoder := json.NewDecoder(bytes.NewReader(raw)); decoder.More(); {
		var line T
		if err := decoder.Decode(&line); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// journalEnds are the offsets in metrics.jsonl and validation.jsonl behind what had been written at a checkpoint.
func journalEnds(work string, params schemas.TrainParams, s checkpointState) (metrics, validations int64, err error) {
	if metrics, err = linesEnd(filepath.Join(work, metricsFile), s.Step, 1); err != nil {
		return 0, 0, err
	}
	every := max(1, params.ValidateEvery)
	validations, err = linesEnd(filepath.Join(work, validationFile), s.Validated/every, every)
	return metrics, validations, err
}
