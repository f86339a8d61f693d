package encode

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/native/torch"
)

// denseConfig is config.json of sentence-transformers' Dense: activation(W x + b).
type denseConfig struct {
	dir        string
	in, out    int
	bias, tanh bool // without tanh the activation is the identity
}

// dense is a loaded Dense.
type dense struct {
	denseConfig
	weight, offset torch.Tensor // [out, in], [out]
}

// maxWidth bounds the widths of a Dense.
const maxWidth = 1 << 14

// readDense reads the settings; weights are read by load.
func readDense(dir string) (denseConfig, error) {
	path := filepath.Join(dir, "config.json")
	fixed := maps.Clone(sentenceOnly)
	fixed["use_residual"] = "false null"
	fields, err := readFields(path, fixed, "in_features", "out_features", "bias", "activation_function")
	if err != nil {
		return denseConfig{}, err
	}
	if fields == nil {
		return denseConfig{}, fmt.Errorf("%s: is missing, though modules.json names it", path)
	}
	d := denseConfig{dir: dir, bias: fields["bias"] != "false"}
	for _, f := range []struct {
		name  string
		width *int
	}{{"in_features", &d.in}, {"out_features", &d.out}} {
		if *f.width, err = strconv.Atoi(fields[f.name]); err != nil || *f.width < 1 || *f.width > maxWidth {
			return d, fmt.Errorf("%s: %s is %q, outside of 1 to %d", path, f.name, fields[f.name], maxWidth)
		}
	}
	switch name := fields["activation_function"]; name {
	case "", "null", `"torch.nn.modules.activation.Tanh"`:
		d.tanh = true
	case `"torch.nn.modules.linear.Identity"`:
	default:
		return d, fmt.Errorf("%s: activation_function %s is not supported; torch.nn.modules.activation.Tanh and torch.nn.modules.linear.Identity are", path, name)
	}
	return d, nil
}

// load reads the weights of a Dense that takes vectors of width in; empty: it looks at their names, types and shapes alone.
func (c denseConfig) load(in int, empty bool) (d dense, err error) {
	d.denseConfig = c
	if c.in != in {
		return d, fmt.Errorf("%s: in_features is %d, and the module before gives %d", filepath.Join(c.dir, "config.json"), c.in, in)
	}
	file, err := safetensors.Open(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return d, noSafetensors(c.dir)
	}
	if err != nil {
		return d, err
	}
	defer file.Close()
	take := func(name string, shape ...int) torch.Tensor {
		entry, ok := file.Entry(name)
		if !ok || !slices.Equal(entry.Shape, shape) {
			torch.Failf("%s: tensor %s has shape %v, and config.json means %v", c.dir, name, entry.Shape, shape)
		}
		if err := entry.Readable(); err != nil {
			torch.Failf("%s: %v", c.dir, err)
		}
		if empty {
			return torch.Tensor{}
		}
		values, err := file.Float32s(name)
		if err != nil {
			torch.Fail(err)
		}
		return torch.FromFloat32s(values, shape...).Keep()
	}
	err = torch.Do(func() {
		d.weight = take("linear.weight", c.out, c.in)
		if c.bias {
			d.offset = take("linear.bias", c.out)
		}
	})
	return d, err
}

// forward takes [texts, in] to [texts, out].
func (d *dense) forward(x torch.Tensor) torch.Tensor {
	x = torch.Linear(x, d.weight, d.offset)
	if d.tanh {
		x = x.Tanh()
	}
	return x
}

func (d *dense) free() {
	for _, t := range []torch.Tensor{d.weight, d.offset} {
		if t.Defined() {
			t.Free()
		}
	}
}

// noSafetensors tells what to do about a module's folder without model.safetensors.
func noSafetensors(dir string) error {
	return fmt.Errorf("%s: has no model.safetensors; a pytorch_model.bin is a pickle, which can run code when it is read. Convert it once where you "+
		"trust it: python3 -c \"import torch, safetensors.torch as s; s.save_file(torch.load('%s/pytorch_model.bin', weights_only=True), "+
		"'%s/model.safetensors')\"", dir, dir, dir)
}
