package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"crosssum/internal/artifact/lines"
	"crosssum/internal/model/t5"
	"crosssum/internal/model/texts"
	"crosssum/internal/training/sampling"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

// maxBatchLine bounds one line of a file of batches.
const maxBatchLine = 256 << 20

// listed are exactly the batches of a file, in its order: a line a step.
type listed struct {
	steps []([]listedExample)
	rows  []trained.Row // its texts
	ids   int           // examples that were given as ids: of what text, nobody knows
}

type listedExample struct {
	sequence
	target string        // "": the start token was given
	seen   []trained.Row // its text, of a language that is not told, and its summary
}

// listedRow is an example as the file has it: text, or ids that are taken as they stand.
type listedRow struct {
	Text     *string `json:"text"`
	Summary  *string `json:"summary"`
	Target   *string `json:"target_language"`
	InputIDs []int32 `json:"input_ids"`
	Labels   []int32 `json:"labels"`
	StartID  *int    `json:"start_id"`
}

// readBatches reads a file of batches: one JSON list of {"text", "summary", "target_language"} or {"input_ids", "labels",
// "start_id"} a line. Texts are cut to the parameters' numbers of tokens.
func readBatches(path string, tokenizer *t5.Tokenizer, vocabulary int, params schemas.TrainParams) (*listed, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, invalid("%v", err)
	}
	defer file.Close()
	l := &listed{}
	empty := 0 // the last line without a batch
	reader := lines.NewReader(file, maxBatchLine)
	for n := 1; ; n++ {
		line, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, invalid("%s, line %d: %v", path, n, err)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			empty = n
			continue
		}
		if empty > 0 {
			return nil, invalid("%s, line %d: an empty line: every line is the batch of a step; remove it", path, empty)
		}
		batch, err := readBatch(line, tokenizer, vocabulary, params)
		if err != nil {
			return nil, invalid("%s, line %d: %v", path, n, err)
		}
		l.steps = append(l.steps, batch)
		for _, e := range batch {
			if l.rows = append(l.rows, e.seen...); e.seen == nil {
				l.ids++
			}
		}
	}
	if len(l.steps) == 0 {
		return nil, invalid("%s: holds no batch; it has one JSON list of examples a line", path)
	}
	return l, nil
}

// CountBatches is the number of lines of a file of batches that are not empty, for a training that is to take all of them.
func CountBatches(path string) (n int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, invalid("%v", err)
	}
	defer file.Close()
	for reader := lines.NewReader(file, maxBatchLine); ; {
		line, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return max(n, 1), nil // none at all is told when they are read
		}
		if err != nil {
			return 0, invalid("%s: %v", path, err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			n++
		}
	}
}

func readBatch(line []byte, tokenizer *t5.Tokenizer, vocabulary int, params schemas.TrainParams) ([]listedExample, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	var rows []listedRow
	if err := decoder.Decode(&rows); err != nil {
		return nil, fmt.Errorf("%w: every line is a JSON list of {\"text\", \"summary\", \"target_language\"} or {\"input_ids\", \"labels\", \"start_id\"}, "+
			"in UTF-8 without a byte order mark", schemas.InJSONsWords(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows the list: a line is the batch of one step")
	}
	if len(rows) == 0 {
		return nil, errors.New("an empty batch")
	}
	var batch []listedExample
	for i, row := range rows {
		e, err := row.example(tokenizer, vocabulary, params)
		if err != nil {
			return nil, fmt.Errorf("example %d: %w", i, err)
		}
		batch = append(batch, e)
	}
	return batch, nil
}

func (row listedRow) example(tokenizer *t5.Tokenizer, vocabulary int, params schemas.TrainParams) (e listedExample, err error) {
	switch {
	case row.Text != nil && row.Summary != nil && row.Target != nil && row.InputIDs == nil && row.Labels == nil && row.StartID == nil:
		if e.target = *row.Target; e.target == "" {
			return e, errors.New(`"target_language" is empty`)
		}
		if texts.Blank(*row.Text) || texts.Blank(*row.Summary) {
			return e, errors.New(`"text" or "summary" is empty, or holds white space and invisible characters alone`)
		}
		if e.source, err = tokenizer.Source(*row.Text, params.SourceTokens); err != nil {
			return e, err
		}
		e.label, _, err = tokenizer.Label(*row.Summary, params.TargetTokens)
		e.seen = []trained.Row{{Content: trained.Text(*row.Text)}, {Language: e.target, Content: trained.Text(*row.Summary)}}
		return e, err
	case row.Text == nil && row.Summary == nil && row.Target == nil && len(row.InputIDs) > 0 && len(row.Labels) > 0 && row.StartID != nil:
		if *row.StartID < 0 || *row.StartID >= vocabulary {
			return e, fmt.Errorf("start_id %d is not in the model's table of %d rows", *row.StartID, vocabulary)
		}
		for _, id := range slices.Concat(row.InputIDs, row.Labels) {
			if id < 0 || int(id) >= vocabulary {
				return e, fmt.Errorf("id %d is not in the model's table of %d rows", id, vocabulary)
			}
		}
		e.sequence = sequence{row.InputIDs, row.Labels, *row.StartID}
		return e, nil
	}
	return e, errors.New(`it has either "text", "summary" and "target_language", or "input_ids", "labels" and "start_id"`)
}

func (l *listed) batch(step int) (sequences []sequence, names []string, err error) {
	for _, e := range l.steps[step-1] {
		sequences = append(sequences, e.sequence)
	}
	return sequences, []string{}, nil
}

func (l *listed) pairs() (list []sampling.Pair) {
	targets := map[string]bool{}
	for _, e := range slices.Concat(l.steps...) {
		if e.target != "" && !targets[e.target] {
			targets[e.target] = true
			list = append(list, sampling.Pair{Target: e.target})
		}
	}
	return list
}

func (l *listed) begin(start func(string) int) {
	for _, batch := range l.steps {
		for i := range batch {
			if batch[i].target != "" {
				batch[i].start = start(batch[i].target)
			}
		}
	}
}

func (l *listed) seen() ([]trained.Row, error) { return l.rows, nil }

func (l *listed) divisor() (all int) {
	for _, examples := range l.steps {
		for n := len(examples); n > 0; { // Euclid's greatest common divisor
			all, n = n, all%n
		}
	}
	return all
}

func (l *listed) unequal(ranks int) string {
	line := slices.IndexFunc(l.steps, func(examples []listedExample) bool { return len(examples)%ranks != 0 })
	return fmt.Sprintf("batch %d of the file with its %d examples", line+1, len(l.steps[line]))
}

func (l *listed) close() {}
