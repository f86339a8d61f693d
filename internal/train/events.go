package train

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
)

// eventsFile is what TensorBoard shows: a file of records, each an Event of TensorFlow's protocol. Wall times are the steps,
// as if one took a second, so that the file repeats like metrics.jsonl.
const eventsFile = "events.out.tfevents.0.crosssum"

// writeEvents makes the file at path of the metrics of a training.
func writeEvents(path string, lines []metric) error {
	out := record(nil, text(nil, 3, "brain.Event:2")) // file_version, at step 0
	for _, m := range lines {
		var summary []byte
		for _, s := range []struct {
			tag   string
			value float64
		}{{"loss", m.Loss}, {"learning_rate", m.LearningRate}, {"gradient_norm", m.GradientNorm}} {
			value := text(nil, 1, s.tag)
			value = binary.LittleEndian.AppendUint32(append(value, 2<<3|5), math.Float32bits(float32(s.value))) // simple_value
			summary = text(summary, 1, string(value))
		}
		out = record(out, text(at(m.Step), 5, string(summary)))
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
