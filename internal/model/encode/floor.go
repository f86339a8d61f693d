package encode

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"crosssum/internal/engine"
	"crosssum/internal/native/bf16"
	"crosssum/internal/native/device"
	"crosssum/internal/native/torch"
)

// Floor is how near encoding comes to the matrix products that the model cannot do without.
type Floor struct {
	Precision string    `json:"precision"` // "fp32" or "bf16", of encoding and of the products
	Texts     int       `json:"texts"`
	Tokens    int       `json:"tokens"`          // of each
	Encode    []float64 `json:"encode_seconds"`  // from ids to unit vectors
	Product   []float64 `json:"product_seconds"` // x W^T of every dense layer, on the same number of rows, and nothing else
	Share     float64   `json:"share"`           // least product time over least encode time
	// Processor is the same share of processor time: near Share on an idle machine, and not spoilt on a busy one.
	Processor float64 `json:"processor_share"`
	Spent     float64 `json:"encode_processor_seconds"` // the least of one encoding
}

// MeasureFloor times the encoder of a directory on texts of so many tokens each, and its products alone, in turn. The
// products are cut as the batches are, a batch a thread; what is not counted in the floor is attention's own products, a few
// in a hundred of the work.
func MeasureFloor(dir string, count, tokens, runs int) (Floor, error) {
	f := Floor{Precision: map[bool]string{false: "fp32", true: "bf16"}[device.BF16(torch.CPU)], Texts: count, Tokens: tokens}
	e, err := encoders.get(dir)
	if err != nil {
		return f, err
	}
	if e.model == nil || tokens > e.limit || count < 1 || tokens < 3 || runs < 1 {
		return f, errors.New("the floor is that of a transformer, and of texts that it can take")
	}
	workers := max(torch.Threads(), 1)
	in := newTexts()
	for i := range count {
		in.add("text", fmt.Sprint(i), fmt.Sprint(i))
		for j := range tokens {
			in.texts[i].ids = append(in.texts[i].ids, int32(4+(i*tokens+j)%(e.model.Config.VocabSize-8)))
		}
	}
	request := engine.EncodeRequest{MaxTokens: tokens, BatchTokens: count * tokens / workers}
	vectors := make([]float32, count*e.dimension)
	weights, free := e.weights()
	defer free()
	var encoding, multiplying []float64 // processor time
	for range runs + 1 {                // the first warms up
		batches := make(chan []int, count)
		for _, batch := range in.batches(in.byDigest(), request.BatchTokens) {
			batches <- batch
		}
		close(batches)
		began, spent := time.Now(), processorSeconds()
		ctx, cancel := context.WithCancelCause(context.Background())
		e.forwardAll(ctx, cancel, in, batches, vectors, func(int) {})
		if err := context.Cause(ctx); err != nil {
			return f, err
		}
		cancel(nil)
		f.Encode, encoding = append(f.Encode, time.Since(began).Seconds()), append(encoding, processorSeconds()-spent)
		began, spent = time.Now(), processorSeconds()
		if err := products(weights, workers, request.BatchTokens); err != nil {
			return f, err
		}
		f.Product, multiplying = append(f.Product, time.Since(began).Seconds()), append(multiplying, processorSeconds()-spent)
	}
	f.Encode, f.Product = f.Encode[1:], f.Product[1:]
	f.Share = slices.Min(f.Product) / slices.Min(f.Encode)
	f.Spent = slices.Min(encoding[1:])
	f.Processor = slices.Min(multiplying[1:]) / f.Spent
	return f, nil
}

// processorSeconds is what all threads of this process have used so far.
func processorSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// weight is a matrix [out, in] in the precision of the encoder.
type weight struct {
	values  torch.Tensor
	out, in int
}

func (w weight) keep() weight {
	if device.BF16(torch.CPU) {
		w.values = bf16.Pack(w.values)
	}
	w.values = w.values.Keep()
	return w
}

// product is x weight^T; in bf16 the rounding of x belongs to it, and so does a bias of zeros.
func (w weight) product(x torch.Tensor) {
	if device.BF16(torch.CPU) {
		bf16.Linear(x, w.values, torch.FromFloat32s(make([]float32, w.out), w.out), torch.Tensor{})
	} else {
		torch.Linear(x, w.values, torch.Tensor{})
	}
}

// weights are matrices of the shapes of one layer's dense parts, [out, in].
func (e *encoder) weights() (list []weight, free func()) {
	h, wide := e.model.Config.HiddenSize, e.model.Config.IntermediateSize
	shapes := [][2]int{{h, h}, {h, h}, {h, h}, {h, h}, {wide, h}, {h, wide}}
	torch.Do(func() {
		for _, s := range shapes {
			values := make([]float32, s[0]*s[1])
			for i := range values {
				values[i] = float32(i%17) / 17
			}
			list = append(list, weight{torch.FromFloat32s(values, s[0], s[1]), s[0], s[1]}.keep())
		}
	})
	for range e.model.Config.Layers - 1 {
		list = append(list, list[:len(shapes)]...)
	}
	return list, func() {
		for _, t := range list[:len(shapes)] {
			t.values.Free()
		}
	}
}

// products multiplies rows with every weight, on each of some threads.
func products(weights []weight, workers, rows int) error {
	torch.SetThreads(1)
	defer torch.SetThreads(workers)
	var group sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		group.Go(func() {
			errs[w] = torch.Do(func() {
				inputs := map[int]torch.Tensor{}
				for _, weight := range weights {
					width := weight.in
					x, ok := inputs[width]
					if !ok {
						values := make([]float32, rows*width)
						for i := range values {
							values[i] = float32(i%13) / 13
						}
						x = torch.FromFloat32s(values, rows, width)
						inputs[width] = x
					}
					torch.Scope(func() { weight.product(x) })
				}
			})
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
