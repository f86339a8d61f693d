package t5

import (
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// pass is one way through the model: its dropouts, and where activations are computed again, what was gone through. The k-th
// dropout of a model is site k, encoder before decoder.
type pass struct {
	kernels.Dropout
	next  int
	again bool
	gone  []part
}

func (p *pass) site() int {
	p.next++
	return p.next - 1
}

// part is a stretch of a pass of which only the ends are kept. Its result stands in the graph of what follows as a parameter would:
// its gradient collects there.
type part struct {
	run    func(in []torch.Tensor) torch.Tensor
	in     []torch.Tensor
	result torch.Tensor
	site   int // of its first dropout
}

// block runs a part of the pass and frees everything it made but the result. Where activations are computed again, nothing is
// recorded, and back runs it once more. run takes what it needs of other parts from its inputs. An input that it uses in several places is given
// for each of them, in the order in which going backward comes to them: so gradients add up in the same order, and have the same bytes,
// as in a pass that keeps everything.
func (p *pass) block(run func(in []torch.Tensor) torch.Tensor, in ...torch.Tensor) torch.Tensor {
	if !p.again {
		return torch.Block(func() torch.Tensor { return run(in) })
	}
	done := part{run: run, in: in, site: p.next}
	torch.NoGrad(func() {
		done.result = torch.Block(func() torch.Tensor { return run(in).Detach() }).RequiresGrad(true)
	})
	p.gone = append(p.gone, done)
	return done.result
}

// back goes back through all parts, after Backward of what came behind them, and adds to the gradients of the weights.
func (p *pass) back() {
	for i := len(p.gone) - 1; i >= 0; i-- {
		part := p.gone[i]
		torch.Scope(func() {
			p.next = part.site
			var in []torch.Tensor
			for _, t := range part.in {
				in = append(in, t.Detach().RequiresGrad(true))
			}
			part.run(in).BackwardFrom(part.result.Grad())
			for k, t := range part.in {
				t.BackwardFrom(in[k].Grad())
			}
		})
		part.result.Free()
	}
}
