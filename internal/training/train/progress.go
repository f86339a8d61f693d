package train

import (
	"path/filepath"

	"crosssum/internal/model/t5"
	"crosssum/internal/native/device"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// progress is how far a training is: all that the next step depends on, and what a checkpoint holds.
type progress struct {
	model     *t5.Model
	optimizer optimizer
	reached
}

// reached is the part of it that is in state.json.
type reached struct {
	Step    int     `json:"step"`    // optimizer steps taken
	Loss    float64 `json:"loss"`    // of the last step
	Samples int64   `json:"samples"` // seen so far

	Validated int  `json:"validated"` // step of the last validation; 0: none
	Best      best `json:"best"`      // of all validations
	Waited    int  `json:"waited"`    // validations since the best
	// The first step that was not taken as the parameters say, after a shortage of memory or a lost rank; 0: none.
	NotReproducibleSince int `json:"not_reproducible_since,omitempty"`
}

// begin loads the model that the training starts from, with its vocabulary. read hears of the bytes of its weights.
func (p *progress) begin(in *inputs, read func(done, total int64)) (err error) {
	if p.model, in.tokenizer, err = t5.Load(in.request.Model, read); err != nil {
		return err
	}
	if err := p.model.Weights.Move(in.device); err != nil {
		return err
	}
	p.model.Recompute = in.request.Params.ActivationCheckpointing
	p.model.Half, err = half(in.request.Params, in.device)
	return err
}

// optimize begins the optimizer of the weights as they are.
func (p *progress) optimize(params schemas.TrainParams) (err error) {
	if p.optimizer, err = newOptimizer(p.model.Weights, params); err != nil {
		return err
	}
	return p.recordGradients()
}

// goBack takes the state of a verified checkpoint.
func (p *progress) goBack(dir string, to reached, device torch.Device) (err error) {
	p.model.Free()
	if p.model.Weights, err = t5.LoadWeights(filepath.Join(dir, modelFile), p.model.Config); err != nil {
		return err
	}
	if err := p.model.Weights.Move(device); err != nil {
		return err
	}
	if err := loadOptimizer(p.optimizer, dir); err != nil {
		return err
	}
	p.reached = to
	return p.recordGradients()
}

// recordGradients marks every weight as a parameter.
func (p *progress) recordGradients() error {
	return torch.DoGrad(func() {
		for _, t := range p.model.Weights {
			t.RequiresGrad(true)
		}
	})
}

// gradients lists those of all weights in byte order of names.
func (p *progress) gradients() (list []torch.Tensor) {
	for _, name := range p.model.Weights.Names() {
		if g := p.model.Weights[name].Grad(); g.Defined() {
			list = append(list, g)
		}
	}
	return list
}

func (p *progress) clearGradients() {
	for _, t := range p.model.Weights {
		t.ClearGrad()
	}
}

// ended says whether no step is left, or too many validations brought nothing better.
func (p *progress) ended(params schemas.TrainParams) bool {
	return p.Step >= params.Steps || params.Patience > 0 && p.Waited >= params.Patience
}

func (p *progress) free() {
	if p.optimizer != nil {
		freeOptimizer(p.optimizer)
	}
	if p.model != nil {
		p.model.Free()
	}
}

// half tells whether linear layers and head multiply in bf16 (weights, gradients, optimizer and all else are fp32 anyway): where it was
// asked for, or by "auto" on a GPU, and where numerics are native and the processor has the instruction. bf16's sums depend on the
// processor, so portable numerics have none.
func half(p schemas.TrainParams, d torch.Device) (bool, error) {
	switch p.Precision {
	case "bf16":
		if device.Told().Numerics != "native" {
			return false, invalid("precision \"bf16\" needs numerics \"native\" (%s; of ./crosssum train: --numerics native): portable numerics have the same bytes on every processor",
				schemas.Give("numerics", "native"))
		}
		return true, nil
	case "auto":
		return device.BF16(d), nil
	}
	return false, nil
}
