package device

import (
	"errors"
	"strings"
	"testing"

	"crosssum/internal/fault"
	"crosssum/internal/native/bf16"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

func TestARankTakesTheGPUOfItsNumberWhereGPUsAreWantedAndThere(t *testing.T) {
	for _, c := range []struct {
		wanted, numerics  string
		gpus, rank, ranks int
		device            torch.Device
		says              []string // of the error; nil: none
	}{
		{"", "native", 4, 0, 1, torch.CPU, nil},
		{"cpu", "native", 4, 1, 2, torch.CPU, nil},
		{"auto", "native", 0, 1, 2, torch.CPU, nil},
		{"auto", "portable", 4, 1, 2, torch.CPU, nil},
		{"auto", "native", 4, 0, 1, torch.CUDA(0), nil},
		{"auto", "native", 4, 3, 4, torch.CUDA(3), nil},
		{"auto", "native", 2, 0, 3, torch.CPU, []string{"train.ranks is 3", "2 GPUs", "lower train.ranks"}},
		{"cuda", "native", 2, 1, 2, torch.CUDA(1), nil},
		{"cuda", "native", 0, 0, 1, torch.CPU, []string{"no GPU", "LIBTORCH="}},
		{"cuda", "portable", 2, 0, 1, torch.CPU, []string{"numerics", "temporal.yaml"}},
		{"tpu", "native", 2, 0, 1, torch.CPU, []string{`"tpu"`, "auto, cpu, cuda"}},
	} {
		d, err := choose(Settings{Device: c.wanted, Numerics: c.numerics}, c.gpus, c.rank, c.ranks)
		if d != c.device || (err != nil) != (c.says != nil) {
			t.Errorf("%+v: %s, %v", c, d, err)
		}
		var typed *fault.Error
		if err != nil && (!errors.As(err, &typed) || typed.Type != schemas.InvalidInput) {
			t.Errorf("%+v: %v is not InvalidInput", c, err)
		}
		for _, part := range c.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%+v: %q does not say %q", c, err, part)
			}
		}
	}
}

func TestTheDeviceIsTheSettings(t *testing.T) {
	defer Use(Settings{})
	if torch.GPUs() > 0 {
		Use(Settings{Numerics: "native", Device: "cuda"})
		d, err := Of(0, 1)
		if err != nil || d != torch.CUDA(0) || !strings.HasPrefix(Name(), "cuda") {
			t.Errorf("%s, called %s: %v", d, Name(), err)
		}
		return
	}
	for wanted, ok := range map[string]bool{"auto": true, "cpu": true, "cuda": false} {
		Use(Settings{Numerics: "native", Device: wanted})
		if d, err := Of(0, 1); d != torch.CPU || (err == nil) != ok || Name() != "cpu" {
			t.Errorf("%s: %s, called %s: %v", wanted, d, Name(), err)
		}
	}
}

func TestBF16IsForNativeNumericsAlone(t *testing.T) {
	defer Use(Settings{})
	own := bf16.Native()
	for _, c := range []struct {
		numerics, override string
		cpu, gpu           bool
	}{
		{"portable", "", false, false}, {"portable", "bf16", false, false}, {"", "bf16", false, false}, {"", "", false, false},
		{"native", "", own, true}, {"native", "fp32", false, false}, {"native", "bf16", true, true}, {"native", "fp8", own, true},
	} {
		Use(Settings{Numerics: c.numerics, Precision: c.override})
		if cpu, gpu := BF16(torch.CPU), BF16(torch.CUDA(0)); cpu != c.cpu || gpu != c.gpu {
			t.Errorf("numerics %q, override %q: %v on the processor, %v on a GPU", c.numerics, c.override, cpu, gpu)
		}
	}
}
