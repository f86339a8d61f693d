package train

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"crosssum/internal/model/random"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// Footprint measures what memory steps take in a model's shape, with random weights and ids. No file is written.
type Footprint struct {
	Phases []Phase // in the order in which they came, each with the most that it had in any step

	config *t5.Config
	params schemas.TrainParams
	batch  int
	half   bool
}

// Phase is a part of the measurement, in kB.
type Phase struct {
	Name           string
	Resident, Most int // when it ended, and at the most while it lasted
}

// NewFootprint is that of steps of so many samples.
func NewFootprint(config *t5.Config, params schemas.TrainParams, batch int) (*Footprint, error) {
	half, err := half(params, torch.CPU)
	return &Footprint{config: config, params: params, batch: batch, half: half}, errors.Join(params.Check(), err)
}

// Precision is that of the matrix products.
func (m *Footprint) Precision() string { return map[bool]string{false: "fp32", true: "bf16"}[m.half] }

// phase ends one.
func (m *Footprint) phase(name string) {
	resident, most := residence()
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak begins anew; where it cannot, it is that of the process so far
	for i, p := range m.Phases {
		if p.Name == name {
			m.Phases[i].Resident, m.Phases[i].Most = max(p.Resident, resident), max(p.Most, most)
			return
		}
	}
	m.Phases = append(m.Phases, Phase{name, resident, most})
}

// residence reads VmRSS and VmHWM, in kB.
func residence() (resident, most int) {
	status, _ := os.ReadFile("/proc/self/status")
	for name, value := range map[string]*int{"VmRSS:": &resident, "VmHWM:": &most} {
		_, after, _ := strings.Cut(string(status), name)
		fmt.Sscan(after, value)
	}
	return resident, most
}

// random is a batch of sequences of full length.
func (m *Footprint) random(step int) []sequence {
	stream := random.New(1, random.Memory, uint32(step), 0)
	ids := func(n int) []int32 {
		list := make([]int32, n)
		for i := range list {
			list[i] = int32(stream.Float64() * float64(m.config.VocabSize))
		}
		return list
	}
	var batch []sequence
	for range m.batch {
		batch = append(batch, sequence{source: ids(m.params.SourceTokens), label: ids(m.params.TargetTokens)})
	}
	return batch
}

// Measure takes the steps of the parameters; told hears of each.
func (m *Footprint) Measure(told func(step int, seconds, loss float64)) (err error) {
	p, at := m.params, progress{}
	m.phase("program")
	if at.model, err = t5.Random(m.config); err != nil {
		return err
	}
	defer at.free()
	at.model.Half, at.model.Recompute, at.model.Watch = m.half, p.ActivationCheckpointing, m.phase
	debug.FreeOSMemory()
	m.phase("weights")
	if err := at.optimize(p); err != nil {
		return err
	}
	m.phase("optimizer state (touched in step 1)")
	for step := 1; step <= p.Steps; step++ {
		began, loss := time.Now(), 0.0
		batches, tokens := share(m.random(step), p.MicroBatch, 0, 1)
		err := torch.DoGrad(func() {
			for _, b := range batches {
				torch.Scope(func() {
					loss += at.model.Gradients(b.Batch, p.LabelSmoothing, 1/float64(tokens), kernels.Dropout{Rate: p.Dropout, Seed: 1, Step: step, Examples: b.places})
				})
				m.phase("gradients, going backward")
			}
			norm := math.Sqrt(kernels.SquareSums(at.gradients()))
			at.optimizer.step(at.model.Weights, step, rate(step, p.WarmupSteps, m.config.DModel, p.LearningRate), math.Min(1, p.GradientNorm/(norm+1e-6)))
			m.phase("optimizer step")
			at.clearGradients()
		})
		if err != nil {
			return err
		}
		m.phase("gradients freed")
		told(step, time.Since(began).Seconds(), loss)
	}
	return nil
}
