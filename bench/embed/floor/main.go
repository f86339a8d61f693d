// Command floor says how near encoding comes to the matrix products that the model cannot do without: it times a transformer on texts
// of so many tokens each, and its products alone, in turn, in one process; ./crosssum benchmark embed builds and runs it. What is not
// counted in the floor is attention's own products, a few in a hundred of the work.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"crosssum/internal/model/bert"
	"crosssum/internal/native/bf16"
	"crosssum/internal/native/device"
	"crosssum/internal/native/torch"
)

// floor is what is printed, as JSON.
type floor struct {
	Precision string    `json:"precision"` // "fp32" or "bf16", of encoding and of the products
	Texts     int       `json:"texts"`
	Tokens    int       `json:"tokens"`          // of each
	Encode    []float64 `json:"encode_seconds"`  // from ids to the last layer's states
	Product   []float64 `json:"product_seconds"` // x W^T of every dense layer, on the same number of rows, and nothing else
	Share     float64   `json:"share"`           // least product time over least encode time
	// Processor is the same share of processor time: near Share on an idle machine, and not spoilt on a busy one.
	Processor float64 `json:"processor_share"`
	Spent     float64 `json:"encode_processor_seconds"` // the least of one encoding
}

func main() {
	model := flag.String("model", "", "directory of the encoder")
	threads := flag.Int("threads", 1, "each takes a batch of its own")
	texts := flag.Int("texts", 32, "texts")
	tokens := flag.Int("tokens", 64, "tokens of each")
	runs := flag.Int("runs", 9, "how often each is timed")
	flag.Parse()
	device.Use(device.Settings{Numerics: os.Getenv("CROSSSUM_NUMERICS"), Precision: os.Getenv("CROSSSUM_PRECISION")})
	f, err := measure(*model, *threads, *texts, *tokens, *runs)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func measure(dir string, threads, count, tokens, runs int) (floor, error) {
	f := floor{Precision: "fp32", Texts: count, Tokens: tokens}
	if device.BF16(torch.CPU) {
		f.Precision = "bf16"
	}
	model, err := bert.Load(dir, nil)
	if err != nil {
		return f, err
	}
	defer model.Close()
	if threads < 1 || count < threads || tokens < 3 || tokens > model.Config.MaxTokens() || runs < 1 {
		return f, errors.New("the floor is that of texts which the model can take, one a thread at least")
	}
	torch.SetThreads(1)
	weights, err := newWeights(model.Config)
	if err != nil {
		return f, err
	}
	lengths := slices.Repeat([]int{tokens}, count/threads)
	ids := make([]int64, count/threads*tokens)
	for i := range ids {
		ids[i] = int64(4 + i%(model.Config.VocabSize-8))
	}
	encode := func() {
		model.Forward(ids, lengths).CopyFloat32s(make([]float32, len(ids)*model.Config.HiddenSize))
	}
	var encoding, multiplying []float64 // processor time
	for range runs + 1 {
		for _, part := range []struct {
			work            func()
			took, processor *[]float64
		}{{encode, &f.Encode, &encoding}, {func() { products(weights, len(ids)) }, &f.Product, &multiplying}} {
			began, spent := time.Now(), processorSeconds()
			if err := onEach(threads, part.work); err != nil {
				return f, err
			}
			*part.took = append(*part.took, time.Since(began).Seconds())
			*part.processor = append(*part.processor, processorSeconds()-spent)
		}
	}
	f.Encode, f.Product = f.Encode[1:], f.Product[1:] // the first warmed up
	f.Share = slices.Min(f.Product) / slices.Min(f.Encode)
	f.Spent = slices.Min(encoding[1:])
	f.Processor = slices.Min(multiplying[1:]) / f.Spent
	return f, nil
}

// onEach does the work on so many threads at once.
func onEach(threads int, work func()) error {
	var group sync.WaitGroup
	errs := make([]error, threads)
	for i := range errs {
		group.Go(func() { errs[i] = torch.Do(work) })
	}
	group.Wait()
	return errors.Join(errs...)
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

// newWeights are matrices of the shapes of every layer's dense parts; one layer's stand for all.
func newWeights(c *bert.Config) (list []weight, err error) {
	h, wide := c.HiddenSize, c.IntermediateSize
	err = torch.Do(func() {
		for _, s := range [][2]int{{h, h}, {h, h}, {h, h}, {h, h}, {wide, h}, {h, wide}} {
			values := matrix(s[0], s[1], 17)
			if device.BF16(torch.CPU) {
				values = bf16.Pack(values)
			}
			list = append(list, weight{values.Keep(), s[0], s[1]})
		}
	})
	return slices.Repeat(list, c.Layers), err
}

func matrix(rows, columns, modulus int) torch.Tensor {
	values := make([]float32, rows*columns)
	for i := range values {
		values[i] = float32(i%modulus) / float32(modulus)
	}
	return torch.FromFloat32s(values, rows, columns)
}

// products multiplies rows with every weight; in bf16 the rounding of the rows belongs to it, and so does a bias of zeros.
func products(weights []weight, rows int) {
	inputs := map[int]torch.Tensor{}
	for _, w := range weights {
		if _, ok := inputs[w.in]; !ok {
			inputs[w.in] = matrix(rows, w.in, 13)
		}
		torch.Scope(func() {
			if x := inputs[w.in]; device.BF16(torch.CPU) {
				bf16.Linear(x, w.values, torch.FromFloat32s(make([]float32, w.out), w.out), torch.Tensor{})
			} else {
				torch.Linear(x, w.values, torch.Tensor{})
			}
		})
	}
}
