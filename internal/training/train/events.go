package train

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
)

// eventsFile is what TensorBoard shows: a file of records, each an Event of TensorFlow's protocol. Wall times are the steps,
// as if one took a second, so that the file of the output repeats like metrics.jsonl.
const eventsFile = "events.out.tfevents.0.crosssum"

// scalar is a value that TensorBoard plots over the steps.
type scalar struct {
	tag   string
	value float64
}

func (m metric) scalars() []scalar {
	return []scalar{{"loss", m.Loss}, {"learning_rate", m.LearningRate}, {"gradient_norm", m.GradientNorm}}
}

func (v validation) scalars() []scalar {
	list := []scalar{{"validation/loss", v.Loss}, {"validation/rouge2", v.Rouge2}}
	for _, g := range v.Groups {
		list = append(list, scalar{"validation/loss/" + g.Group, g.Loss}, scalar{"validation/rouge2/" + g.Group, g.Rouge2})
	}
	return list
}

func (t timing) scalars() []scalar {
	return []scalar{{"timing/seconds", t.Seconds}, {"timing/data_seconds", t.Data}, {"timing/forward_backward_seconds", t.Passes},
		{"timing/optimizer_seconds", t.Optimizer}, {"timing/validation_seconds", t.Validation}, {"timing/checkpoint_seconds", t.Checkpoint},
		{"timing/checkpoint_share", t.CheckpointShare}, {"timing/tokens_per_second", t.TokensPerSecond}, {"timing/padding_share", t.PaddingShare},
		{"timing/memory_gib", float64(t.Memory) / (1 << 30)}, {"timing/peak_memory_gib", float64(t.PeakMemory) / (1 << 30)}}
}

// eventsHead begins the file: its version, at step 0.
func eventsHead() []byte { return record(nil, text(nil, 3, "brain.Event:2")) }

// events appends the Event of a step with its scalars.
func events(out []byte, step int, scalars []scalar) []byte {
	var summary []byte
	for _, s := range scalars {
		value := text(nil, 1, s.tag)
		value = binary.LittleEndian.AppendUint32(append(value, 2<<3|5), math.Float32bits(float32(s.value))) // simple_value
		summary = text(summary, 1, string(value))
	}
	return record(out, text(at(step), 5, string(summary)))
}

// writeEvents makes the file at path of the journals in a work folder; the timings, which do not repeat, only if they are wanted.
func writeEvents(path, work string, timings bool) error {
	metrics, err := readJournal[metric](filepath.Join(work, metricsFile))
	if err != nil {
		return err
	}
	validations, err := readJournal[validation](filepath.Join(work, validationFile))
	if err != nil {
		return err
	}
	out := eventsHead()
	for _, m := range metrics {
		out = events(out, m.Step, m.scalars())
	}
	for _, v := range validations {
		out = events(out, v.Step, v.scalars())
	}
	if timings {
		lines, err := readJournal[timing](filepath.Join(work, timingsFile))
		if err != nil {
			return err
		}
		last := map[int]int{} // of a step that was taken again, the last
		for i, t := range lines {
			last[t.Step] = i
		}
		for i, t := range lines {
			if last[t.Step] == i && t.Step <= len(metrics) {
				out = events(out, t.Step, t.scalars())
			}
		}
	}
	return os.WriteFile(path, out, 0o644)
}

// at begins an Event with its wall_time (1: double) and step (2: int64).
func at(step int) []byte {
	b := binary.LittleEndian.AppendUint64([]byte{1<<3 | 1}, math.Float64bits(float64(step)))
	return binary.AppendUvarint(append(b, 2<<3), uint64(step))
}

// text appends field number n with bytes.
func text(b []byte, n byte, s string) []byte {
	return append(binary.AppendUvarint(append(b, n<<3|2), uint64(len(s))), s...)
}

// record appends a TFRecord: length, its masked checksum, data, its masked checksum.
func record(out, data []byte) []byte {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	out = binary.LittleEndian.AppendUint32(append(out, length...), masked(length))
	return binary.LittleEndian.AppendUint32(append(out, data...), masked(data))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func masked(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}
