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
	"crosssum/internal/operation/cli"
	"crosssum/schemas"
)

// realShapes are published models.
var realShapes = map[string]t5.Config{
	"mt5-small": {DModel: 512, DFF: 1024, NumLayers: 8, NumDecoderLayers: 8, NumHeads: 6},
	"mt5-base":  {DModel: 768, DFF: 2048, NumLayers: 12, NumDecoderLayers: 12, NumHeads: 12},
}

// memoryTool takes steps with random weights in a model's shape and prints what memory they took by phase; no file is written.
func memoryTool(args []string) error {
	set := cli.New("prove memory", "prove memory", "", "", nil) // ./crosssum has the flags and their help
	p := schemas.Paper().Train
	name := set.String("shape", "mt5-base", "mt5-base or mt5-small")
	limit := set.Float64("limit", 14, "GB that must suffice")
	accumulation := set.Int("accumulation", 2, "micro-batches a step")
	set.IntVar(&p.Steps, "steps", 3, "optimizer steps")
	set.IntVar(&p.MicroBatch, "micro-batch", 2, "samples a forward pass")
	set.IntVar(&p.SourceTokens, "source-tokens", p.SourceTokens, "tokens of every article")
	set.IntVar(&p.TargetTokens, "target-tokens", p.TargetTokens, "tokens of every summary")
	set.StringVar(&p.Precision, "precision", p.Precision, "auto, fp32 or bf16")
	set.BoolVar(&p.ActivationCheckpointing, "activation-checkpointing", false, "compute activations again going backward")
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	config, ok := realShapes[*name]
	if !ok {
		return fmt.Errorf("--shape %q is not mt5-base or mt5-small", *name)
	}
	config.ModelType, config.FeedForward, config.VocabSize, config.DKV, config.Buckets, config.MaxDistance = "mt5", "gated-gelu", 250112, 64, 32, 128
	config.LayerNormEpsilon, config.EOSTokenID = 1e-6, 1
	if err := check(p); err != nil {
		return err
	}
	if p.MicroBatch**accumulation < 1 || p.MicroBatch**accumulation > 1<<16 {
		return errors.New("--micro-batch times --accumulation is the batch: 1 to 65,536")
	}
	m := footprint{limit: *limit, params: p, batch: p.MicroBatch * *accumulation}
	return m.prove(*name, &config)
}

// footprint is a measurement: the phases in the order in which they came, each with the most that it had in any step.
type footprint struct {
	limit  float64 // GB
	params schemas.TrainParams
	batch  int
	phases []phase
}

type phase struct {
	name           string
	resident, most int // kB: when it ended, and at the most while it lasted
}

// phase ends one.
func (m *footprint) phase(name string) {
	resident, most := residence()
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak begins anew; where it cannot, it is that of the process so far
	for i, p := range m.phases {
		if p.name == name {
			m.phases[i].resident, m.phases[i].most = max(p.resident, resident), max(p.most, most)
			return
		}
	}
	m.phases = append(m.phases, phase{name, resident, most})
}

// print shows the phases and returns the peak in GB.
func (m *footprint) print() (peak float64) {
	fmt.Printf("%-42s %9s %9s\n", "GB", "after it", "most in it")
	for _, p := range m.phases {
		peak = max(peak, gigabytes(p.most))
		fmt.Printf("%-42s %9.2f %9.2f\n", p.name, gigabytes(p.resident), gigabytes(p.most))
	}
	return peak
}

func gigabytes(kB int) float64 { return float64(kB) * 1024 / 1e9 }

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
func (m *footprint) random(step, vocabulary int) []sequence {
	stream := random.New(1, random.Memory, uint32(step), 0)
	ids := func(n int) []int32 {
		list := make([]int32, n)
		for i := range list {
			list[i] = int32(stream.Float64() * float64(vocabulary))
		}
		return list
	}
	var batch []sequence
	for range m.batch {
		batch = append(batch, sequence{source: ids(m.params.SourceTokens), label: ids(m.params.TargetTokens)})
	}
	return batch
}

func (m *footprint) prove(name string, config *t5.Config) error {
	p := m.params
	half, err := half(p, torch.CPU)
	if err != nil {
		return err
	}
	precision := map[bool]string{false: "fp32", true: "bf16"}[half]
	fmt.Printf("%s: %.0f M parameters, vocabulary %d, source %d, target %d, micro-batch %d x %d, %s, Adafactor, dropout %v, activations kept: %v, %d threads\n",
		name, float64(config.Count())/1e6, config.VocabSize, p.SourceTokens, p.TargetTokens, p.MicroBatch, m.batch/p.MicroBatch, precision,
		p.Dropout, !p.ActivationCheckpointing, torch.Threads())
	m.phase("program")
	model, err := t5.Random(config)
	if err != nil {
		return err
	}
	r := &run{model: model}
	defer r.close()
	model.Half, model.Recompute, model.Watch = half, p.ActivationCheckpointing, m.phase
	debug.FreeOSMemory()
	m.phase("weights")
	if r.optimizer, err = newOptimizer(model.Weights, p); err != nil {
		return err
	}
	if err := r.recordGradients(); err != nil {
		return err
	}
	m.phase("optimizer state (touched in step 1)")
	for step := 1; step <= p.Steps; step++ {
		began, loss := time.Now(), 0.0
		batches, tokens := cut(m.random(step, config.VocabSize), p.MicroBatch)
		err := torch.DoGrad(func() {
			for _, b := range batches {
				torch.Scope(func() {
					loss += model.Gradients(b.Batch, p.LabelSmoothing, 1/float64(tokens), kernels.Dropout{Rate: p.Dropout, Seed: 1, Step: step, Examples: b.places})
				})
				m.phase("gradients, going backward")
			}
			norm := math.Sqrt(kernels.SquareSums(gradientsOf(model)))
			r.optimizer.step(model.Weights, step, rate(step, p.WarmupSteps, config.DModel, p.LearningRate), math.Min(1, p.GradientNorm/(norm+1e-6)))
			m.phase("optimizer step")
			r.clearGradients()
		})
		if err != nil {
			return err
		}
		m.phase("gradients freed")
		fmt.Printf("step %d: %.1f s, loss %.4f\n", step, time.Since(began).Seconds(), loss)
	}
	peak := m.print()
	fmt.Printf("peak %.2f GB, of %.2f GB\n", peak, m.limit)
	if peak > m.limit {
		return errors.New("the peak is above the limit")
	}
	return nil
}

func gradientsOf(m *t5.Model) (list []torch.Tensor) {
	for _, name := range m.Weights.Names() {
		if g := m.Weights[name].Grad(); g.Defined() {
			list = append(list, g)
		}
	}
	return list
}
