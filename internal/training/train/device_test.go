package train

import (
	"math"
	"strings"
	"testing"

	"crosssum/internal/native/device"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
	"crosssum/internal/testkit/gpu"
	"crosssum/schemas"
)

// losses trains a request for ten steps, validated after five, and returns the losses of its steps and validation.
func losses(t *testing.T, optimizer, precision string) (list []float64) {
	t.Helper()
	request := toy(t)
	p := &request.Params
	p.Steps, p.Optimizer, p.ScaleParameter, p.Precision, p.ActivationCheckpointing = 10, optimizer, optimizer == "adafactor", precision, true
	p.ValidateEvery, p.ValidationSamples = 5, 6
	work := t.TempDir()
	trainIn(t, request, work)
	for _, name := range []string{metricsFile, validationFile} {
		lines, err := readJournal[struct{ Loss float64 }](work + "/" + name)
		must(t, err)
		for _, line := range lines {
			list = append(list, line.Loss)
		}
	}
	if len(list) != 12 {
		t.Fatalf("%d losses of ten steps and two validations", len(list))
	}
	return list
}

func TestTenStepsOnAnotherDeviceHaveTheProcessorsLosses(t *testing.T) {
	told(t, device.Settings{Numerics: "native"})
	for _, c := range []struct {
		optimizer, precision string
		tolerance            float64
	}{{"adafactor", "fp32", 1e-4}, {"adamw", "fp32", 1e-4}, {"adafactor", "bf16", 0.02}} {
		want := losses(t, c.optimizer, c.precision)
		compare := func(t *testing.T) {
			for i, got := range losses(t, c.optimizer, c.precision) {
				if off := math.Abs(got-want[i]) / want[i]; !(off <= c.tolerance) {
					t.Errorf("%s in %s, loss %d: %v, the processor's %v", c.optimizer, c.precision, i+1, got, want[i])
				}
			}
		}
		t.Run("the operators of a GPU on the processor", func(t *testing.T) {
			must(t, torch.Do(func() { kernels.Compose(true) }))
			defer func() { must(t, torch.Do(func() { kernels.Compose(false) })) }()
			compare(t)
		})
		t.Run("on a GPU", func(t *testing.T) {
			onGPU(t)
			compare(t)
		})
	}
}

func TestAResumedRunOnAGPUEndsInTheSameBytes(t *testing.T) {
	onGPU(t)
	resumes(t, toy(t))
}

// told tells the settings to what follows in a test.
func told(t *testing.T, s device.Settings) {
	before := device.Told()
	device.Use(s)
	t.Cleanup(func() { device.Use(before) })
}

func onGPU(t *testing.T) {
	t.Helper()
	gpu.Device(t)
	told(t, device.Settings{Numerics: "native", Device: "cuda"})
	t.Setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
}

func TestATrainingForWhichThereIsNoGPUEndsBeforeItReadsTheModel(t *testing.T) {
	if torch.GPUs() > 0 {
		t.Skip("NOT RUN: there is a GPU here")
	}
	for numerics, says := range map[string]string{"native": "can use no GPU here", "portable": "numerics are not native"} {
		told(t, device.Settings{Numerics: numerics, Device: "cuda"})
		request := toy(t)
		request.Model += "/not there"
		request.Work, request.Output = t.TempDir(), t.TempDir()
		_, err := Run(t.Context(), request, nil)
		if kind(err) != schemas.InvalidInput || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "temporal.yaml") {
			t.Errorf("%s: %v", numerics, err)
		}
	}
}

func TestPrecisionIsChosenByDevice(t *testing.T) {
	auto := schemas.TrainParams{Precision: "auto"}
	told(t, device.Settings{Numerics: "native"})
	if bf16, err := half(auto, torch.CUDA(0)); err != nil || !bf16 {
		t.Errorf("auto on a GPU: bf16 %v, %v", bf16, err)
	}
	told(t, device.Settings{Numerics: "portable"})
	d, err := device.Of(0, 1)
	must(t, err)
	if bf16, err := half(auto, d); err != nil || bf16 {
		t.Errorf("auto of portable numerics: bf16 %v, %v", bf16, err)
	}
}
