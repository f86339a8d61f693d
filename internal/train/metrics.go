package train

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// metric is one line of metrics.jsonl: what repeats when the run is repeated. Times are not in it.
type metric struct {
	Step         int      `json:"step"` // from 1
	Loss         float64  `json:"loss"` // label-smoothed, mean over the target tokens of the batch
	LearningRate float64  `json:"learning_rate"`
	GradientNorm float64  `json:"gradient_norm"` // before clipping
	Pairs        []string `json:"pairs"`         // of the mini-batches, in order
}

// metrics is the open metrics.jsonl of the work folder.
type metrics struct{ file *os.File }

// openMetrics opens the log at path and cuts it back to the lines of steps 1 to step.
func openMetrics(path string, step int) (*metrics, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	end, err := metricsEnd(file, step)
	if err == nil {
		err = file.Truncate(end)
	}
	if err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &metrics{file}, nil
}

// checkMetrics says whether the log at path holds the lines of steps 1 to step.
func checkMetrics(path string, step int) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = metricsEnd(file, step)
	return err
}

// metricsEnd is the offset behind the line of step.
func metricsEnd(r io.Reader, step int) (int64, error) {
	reader := bufio.NewReader(r)
	end := int64(0)
	for s := 1; s <= step; s++ {
		line, err := reader.ReadBytes('\n')
		var m metric
		if err != nil || json.Unmarshal(line, &m) != nil || m.Step != s {
			return 0, fmt.Errorf("metrics.jsonl has no good line for step %d", s)
		}
		end += int64(len(line))
	}
	return end, nil
}

// readMetrics reads all lines of the log at path.
func readMetrics(path string) ([]metric, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lines []metric
	for decoder := json.NewDecoder(bytes.NewReader(raw)); decoder.More(); {
		var m metric
		if err := decoder.Decode(&m); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		lines = append(lines, m)
	}
	return lines, nil
}

func (m *metrics) add(line metric) error {
	raw, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = m.file.Write(append(raw, '\n'))
	return err
}

func (m *metrics) sync() error { return m.file.Sync() }

func (m *metrics) close() error { return m.file.Close() }
