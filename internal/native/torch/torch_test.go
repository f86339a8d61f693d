package torch

import (
	"errors"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// must runs f in Do or DoGrad and fails the test on an error.
func must(t *testing.T, do func(func()) error, f func()) {
	t.Helper()
	if err := do(f); err != nil {
		t.Fatal(err)
	}
}

func near(t *testing.T, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	for i := range got {
		if math.Abs(float64(got[i]-want[i])) > 1e-5 {
			t.Fatalf("value %d: %v, want %v (all: %v)", i, got[i], want[i], got)
		}
	}
}

func TestOperatorsGiveTheNumbersOfPyTorch(t *testing.T) { // expected values: torch 2.15
	must(t, Do, func() {
		x := FromFloat32s([]float32{1, -2, 0.5, 3, 0, -1}, 2, 3)
		w := FromFloat32s([]float32{1, 2, 3, -1, 0, 1}, 2, 3)
		near(t, Linear(x, w, FromFloat32s([]float32{10, 20}, 2)).Float32s(), []float32{8.5, 19.5, 10, 16})
		near(t, Linear(x, w, Tensor{}).Float32s(), []float32{-1.5, -0.5, 0, -4})
		near(t, x.LogSoftmax(0).Float32s(), []float32{-2.126928, -2.126928, -0.2014133, -0.126928, -0.126928, -1.701413})
		near(t, x.Gelu().Float32s(), []float32{0.8413447, -0.04550028, 0.3457312, 2.99595, 0, -0.1586553})
		near(t, LayerNorm(x, x.Select(0, 1), x.Select(0, 0), 1e-5).Float32s(), []float32{3.666995, -2, -0.007999003, 5.118432, -2, 1.480579})
	})
}

func TestShapesRoundTrip(t *testing.T) {
	must(t, Do, func() {
		x := FromFloat32s([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
		if got := x.Transpose(0, 1).Float32s(); got[1] != 4 || x.Transpose(0, 1).Size(-1) != 2 {
			t.Fatal(got)
		}
		near(t, x.Slice(1, 1, 3).IndexSelect(0, FromInts([]int{1}, 1)).Float32s(), []float32{5, 6})
		near(t, x.Sum([]int{0}, false).Float32s(), []float32{5, 7, 9})
		near(t, Embedding(x, FromInts([]int{1, 1, 0}, 3)).Sum(nil, false).Float32s(), []float32{36})
		raw := x.Bytes(BFloat16)
		near(t, FromBytes(raw, BFloat16, 3, 2).Float32s(), []float32{1, 2, 3, 4, 5, 6})
	})
}

func TestAFailureOfLibtorchIsAnError(t *testing.T) {
	for name, f := range map[string]func(){
		"shape":       func() { Full(0, Float32, 2, 3).Matmul(Full(0, Float32, 2, 3)) },
		"index":       func() { Embedding(Full(0, Float32, 4, 2), FromInts([]int{4}, 1)) },
		"memory":      func() { Full(0, Float32, 1<<20, 1<<20, 16) },
		"missing":     func() { Full(0, Float32, 2).Add(Tensor{}) },
		"data length": func() { FromFloat32s([]float32{1}, 2) },
		"dimension":   func() { Full(0, Float32, 2).Size(5) },
		"backward":    func() { Full(0, Float32, 2).Backward() },
		"own":         func() { Failf("own failure") },
	} {
		before := Live()
		if err := Do(f); err == nil || err.Error() == "" || strings.Contains(err.Error(), "C++") {
			t.Errorf("%s: error %v", name, err)
		}
		if Live() != before {
			t.Errorf("%s: %d handles leaked", name, Live()-before)
		}
	}
	want := errors.New("mine")
	if err := Do(func() { Fail(want) }); !errors.Is(err, want) {
		t.Error("Fail's error is not Do's:", err)
	}
	must(t, Do, func() { Full(0, Float32, 1) }) // still usable
}

func TestATensorIsGoneAfterItsScopeUnlessKept(t *testing.T) {
	var late, kept, result Tensor
	before := Live()
	err := Do(func() {
		result = Block(func() Tensor {
			late = Full(2, Float32, 3)
			kept = late.MulScalar(2).Keep()
			return late.Add(Full(1, Float32, 3))
		})
		near(t, result.Float32s(), []float32{3, 3, 3})
		late.Float32s()
	})
	if err == nil || !strings.Contains(err.Error(), "after the end of its scope") {
		t.Fatal("late use:", err)
	}
	must(t, Do, func() { near(t, kept.Float32s(), []float32{4, 4, 4}) })
	kept.Free()
	kept.Free()
	if Live() != before {
		t.Fatalf("%d handles leaked", Live()-before)
	}
}

func TestOutsideDoIsAnErrorInsideTheNextOne(t *testing.T) {
	defer func() {
		if p := recover(); p == nil || !strings.Contains(p.(*Error).Error(), "inside torch.Do") {
			t.Fatal(p)
		}
	}()
	Full(0, Float32, 1)
}

func resident(t *testing.T) int { // kB
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kb
}

// On one thread of the system: malloc keeps what is free for every thread by itself, and the busier the machine, the more threads Go runs
// one step after the other on. (The engine has MALLOC_ARENA_MAX=2.)
func TestTwoHundredTrainingStepsStayInTheMemoryOfOne(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var w Tensor
	must(t, Do, func() { w = Full(0.01, Float32, 512, 512).Keep().RequiresGrad(true) })
	defer w.Free()
	step := func() {
		must(t, DoGrad, func() {
			x := Full(1, Float32, 512, 512) // 1 MiB
			for range 8 {
				x = Block(func() Tensor { return op("mul.Tensor").one(x, w).Tanh().Add(x).MulScalar(0.5) })
			}
			x.Sum(nil, false).Backward()
			NoGrad(func() { w.Copy_(w.Add(w.Grad().MulScalar(-1e-9))) })
			w.ClearGrad()
		})
	}
	for range 40 { // until malloc's own caches are full
		step()
	}
	before, live := resident(t), Live()
	for range 200 {
		step()
	}
	if after := resident(t); after > before+96<<10 { // a leak of one tensor a step would be 200 MiB
		t.Errorf("resident memory went from %d to %d kB", before, after)
	}
	if Live() != live {
		t.Errorf("%d handles leaked", Live()-live)
	}
}

func TestBackwardGivesTheGradient(t *testing.T) {
	must(t, DoGrad, func() {
		x := FromFloat32s([]float32{1, 2, 3}, 3).RequiresGrad(true)
		op("mul.Tensor").one(x, x).Sum(nil, false).Backward()
		near(t, x.Grad().Float32s(), []float32{2, 4, 6})
		NoGrad(func() { x.Copy_(x.Add(x.Grad())) })
		near(t, x.Float32s(), []float32{3, 6, 9})
		x.ClearGrad()
		if x.Grad().Defined() {
			t.Error("gradient still there")
		}
	})
}

func TestBackwardGoesOnFromAGradient(t *testing.T) {
	must(t, DoGrad, func() {
		x := FromFloat32s([]float32{1, 2, 3}, 3).RequiresGrad(true)
		op("mul.Tensor").one(x, x).BackwardFrom(FromFloat32s([]float32{1, 10, 100}, 3))
		near(t, x.Grad().Float32s(), []float32{2, 40, 600})
		x.BackwardFrom(FromFloat32s([]float32{1, 1, 1}, 3)) // of a parameter itself: added to its own
		near(t, x.Grad().Float32s(), []float32{3, 41, 601})
	})
}

func TestMemoryIsTheTensorsOwn(t *testing.T) {
	must(t, Do, func() {
		x := Empty(Float32, 2, 1)
		copy(x.Memory(), []byte{0, 0, 128, 63, 0, 0, 0, 64})
		near(t, x.Float32s(), []float32{1, 2})
	})
	if err := Do(func() { Full(0, Float32, 4, 4).Transpose(0, 1).Memory() }); err == nil {
		t.Error("memory that is not in order was given")
	}
}

func TestGradientModeHoldsWhileGoroutinesMigrate(t *testing.T) {
	var w Tensor
	must(t, Do, func() { w = Full(1, Float32, 8).Keep().RequiresGrad(true) })
	defer w.Free()
	var wait sync.WaitGroup
	wrong := make(chan bool, 4000)
	for i := range 400 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			do := Do
			if i%2 == 1 {
				do = DoGrad
			}
			if err := do(func() {
				for range 10 {
					_, _, grad := w.MulScalar(2).info()
					wrong <- grad != (i%2 == 1)
					runtime.Gosched()
				}
			}); err != nil {
				t.Error(err)
			}
		}()
	}
	wait.Wait()
	close(wrong)
	for w := range wrong {
		if w {
			t.Fatal("a region ran in the other's gradient mode")
		}
	}
}
