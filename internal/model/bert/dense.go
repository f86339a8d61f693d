package bert

import (
	"crosssum/internal/native/bf16"
	"crosssum/internal/native/torch"
)

// dense is x weight^T + bias. With packed weights it rounds x and weight to bf16 and adds up in fp32.
type dense struct {
	weight torch.Tensor // [out, in], or as bf16.Pack gives it
	bias   torch.Tensor // [out]
	packed bool
}

func newDense(p *parameters, name string, out, in int) dense {
	return p.dense(p.take(name+".weight", out, in), p.take(name+".bias", out))
}

// dense keeps a layer in the precision of the model.
func (p *parameters) dense(weight, bias torch.Tensor) dense {
	d := dense{bias: p.keep(bias), packed: p.bf16}
	if d.packed {
		weight = bf16.Pack(weight)
	}
	d.weight = p.keep(weight)
	return d
}

// forward takes [rows, in] to [rows, out].
func (d *dense) forward(x torch.Tensor) torch.Tensor {
	if d.packed {
		return bf16.Linear(x, d.weight, d.bias, torch.Tensor{})
	}
	return torch.Linear(x, d.weight, d.bias)
}

// onto is residual + forward(x).
func (d *dense) onto(residual, x torch.Tensor) torch.Tensor {
	if d.packed {
		return bf16.Linear(x, d.weight, d.bias, residual)
	}
	return residual.Add(d.forward(x))
}

// gelu is gelu(forward(x)), by erf; in bf16 only another dense can read it.
func (d *dense) gelu(x torch.Tensor) torch.Tensor {
	if d.packed {
		return bf16.Gelu(x, d.weight, d.bias)
	}
	return d.forward(x).Gelu()
}
