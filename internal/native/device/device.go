// Package device says where summarizers are trained and generate, on the processor or on GPUs (everything else is the processor's), and in
// which precision.
package device

import (
	"os"
	"path/filepath"
	"strings"

	"crosssum/internal/fault"
	"crosssum/internal/native/bf16"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// Settings are what a process is told of its numbers: the engine's main reads them from its environment. None is what libraries take
// when nobody told them: portable numbers of the processor.
type Settings struct {
	Numerics  string // "portable" or "native"
	Device    string // `device` of temporal.yaml: "auto", "cpu" or "cuda"
	Precision string // "fp32" or "bf16" overrides the choice of native numerics: a comparison, or a test on any processor
}

var told Settings

// Use is called once, before anything is computed; by tests, before each case.
func Use(s Settings) { told = s }

// Told is what Use was called with.
func Told() Settings { return told }

// Of is the device of a process of several (rank 0 of 1: of the only one): the processor, or rank r's GPU r. Device of the settings
// decides: "cuda" wants GPUs, "auto" takes them where numerics are native and libtorch can use one, "cpu" and no word never. A GPU has
// answered when it is returned, and gives the same bytes again from then on.
func Of(rank, ranks int) (torch.Device, error) {
	d, err := choose(told, torch.GPUs(), rank, ranks)
	if err != nil || d == torch.CPU {
		return d, err
	}
	torch.Deterministic()
	err = torch.Do(func() {
		if t := torch.Full(1, torch.Float32, 8, 8).ToDevice(d); t.Matmul(t).Sum(nil, false).Item() != 512 {
			torch.Failf("it cannot count")
		}
	})
	if err != nil {
		return d, fault.New(schemas.LostDevice, "%s (of %d) is there, but does not work: %v: what does nvidia-smi say? "+
			"`device: cpu` in temporal.yaml does without it", d, torch.GPUs(), err)
	}
	return d, nil
}

func choose(s Settings, gpus, rank, ranks int) (torch.Device, error) {
	switch s.Device {
	case "", "cpu":
		return torch.CPU, nil
	case "auto":
		if s.Numerics != "native" || gpus == 0 {
			return torch.CPU, nil
		}
	case "cuda":
		if s.Numerics != "native" {
			return torch.CPU, invalid("device is cuda and numerics are not native: portable numerics have the same bytes on every machine, and are the "+
				"processor's: ask for native ones, %s; or set device to auto or cpu in temporal.yaml", schemas.Give("numerics", "native"))
		}
		if gpus == 0 {
			return torch.CPU, invalid("device is cuda, and libtorch %s can use no GPU here: set device to auto or cpu in temporal.yaml; or look at nvidia-smi, "+
				"and build with LIBTORCH=DIR ./crosssum setup against a libtorch that has CUDA", torch.Version())
		}
	default:
		return torch.CPU, invalid("device %.40q is not one of auto, cpu, cuda", s.Device)
	}
	if ranks > gpus {
		return torch.CPU, invalid("train.ranks is %d, and this machine has %d GPUs that libtorch can use: each rank takes one of its own; lower train.ranks, %s; "+
			"or set device to cpu in temporal.yaml", ranks, gpus, schemas.Give("train.ranks", gpus))
	}
	return torch.CUDA(rank), nil
}

func invalid(format string, args ...any) error {
	return fault.New(schemas.InvalidInput, format, args...)
}

// BF16 tells whether linear layers multiply in bf16 where nobody asks for a precision: under native numerics, on GPUs and on processors
// that have the instruction.
func BF16(d torch.Device) bool {
	switch {
	case told.Numerics != "native":
		return false
	case told.Precision == "fp32" || told.Precision == "bf16":
		return told.Precision == "bf16"
	}
	return d != torch.CPU || bf16.Native()
}

// Name is what the numerics profile says: "cpu", or "cuda" with the kinds of the GPUs, as the driver names them.
func Name() string {
	d, err := choose(told, torch.GPUs(), 0, 1)
	if err != nil || d == torch.CPU {
		return "cpu"
	}
	name := "cuda"
	files, _ := filepath.Glob("/proc/driver/nvidia/gpus/*/information") // sorted
	for _, file := range files {
		raw, _ := os.ReadFile(file)
		for line := range strings.Lines(string(raw)) {
			if model, ok := strings.CutPrefix(line, "Model:"); ok && !strings.Contains(name, strings.TrimSpace(model)) {
				name += " " + strings.TrimSpace(model)
			}
		}
	}
	return name
}
