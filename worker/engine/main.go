// Command engine is the only program with native code. A worker starts it, writes requests to its standard input and reads events from
// its standard output; it ends when the input closes. With arguments it is one of the file tools of ./crosssum.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"crosssum/internal/cli"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/generate"
	"crosssum/internal/mining/search"
	"crosssum/internal/model/encode"
	"crosssum/internal/model/langid"
	"crosssum/internal/native/device"
	"crosssum/internal/native/faiss"
	"crosssum/internal/native/torch"
	"crosssum/internal/operation/filetools"
	"crosssum/internal/training/train"
	"crosssum/schemas"
)

// handlers are what the engine does for a worker.
func handlers(threads int) map[string]engine.Handler {
	return map[string]engine.Handler{
		engine.OpProfile:  engine.Typed(func(context.Context, struct{}, engine.Report) (engine.Profile, error) { return profile(threads), nil }),
		engine.OpEncode:   engine.Typed(encode.Run),
		engine.OpClassify: engine.Typed(langid.Run),
		engine.OpSearch:   engine.Typed(search.Run),
		engine.OpTokenize: engine.Typed(train.Tokenize),
		engine.OpTrain: engine.Typed(func(ctx context.Context, r engine.TrainRequest, report engine.Report) (engine.TrainResult, error) {
			generate.Forget()
			return train.Run(ctx, r, report)
		}),
		engine.OpTrainRank: engine.Typed(train.Rank),
		engine.OpGenerate:  engine.Typed(generate.Run),
		engine.OpCheck:     engine.Typed(check),
	}
}

// check looks at the models of a run that is about to begin.
func check(_ context.Context, r engine.CheckRequest, report engine.Report) (out engine.CheckResult, err error) {
	said := func(says string, remarks []string, err error) error {
		report(schemas.Progress{Of: "models"})
		if err == nil {
			out.Says, out.Remarks = append(out.Says, says), append(out.Remarks, remarks...)
		}
		return err
	}
	if r.Summarizer != "" {
		err = said(train.Check(r.Summarizer, r.Training, r.Targets))
	}
	if err == nil && r.Encoder != "" {
		says, wrong := encode.Check(r.Encoder, r.Encoding)
		err = said(says, nil, wrong)
	}
	if err == nil && r.Classifier != "" {
		says, wrong := langid.Check(r.Classifier)
		err = said(says, nil, wrong)
	}
	return out, err
}

func main() {
	// Rows and vectors are short-lived and large: collect early rather than hold twice the memory.
	debug.SetGCPercent(50)
	threads := environment()
	torch.SetThreads(threads)
	faiss.SetThreads(threads)
	if len(os.Args) > 1 { // a file tool, which ./crosssum hands to this program
		os.Exit(cli.Main("engine", filetools.Commands, os.Args[1:]))
	}
	if err := engine.Main(handlers(threads)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// environment tells the libraries what the worker says of numbers (engine.Command sets it), and is the one place that reads it. threads are as
// many as the worker gives; by hand, those of OMP_NUM_THREADS, else one.
func environment() (threads int) {
	device.Use(device.Settings{Numerics: os.Getenv("CROSSSUM_NUMERICS"), Device: os.Getenv("CROSSSUM_DEVICE"), Precision: os.Getenv("CROSSSUM_PRECISION")})
	for _, name := range []string{"CROSSSUM_ENGINE_THREADS", "OMP_NUM_THREADS"} {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 && n <= 1024 {
			return n
		}
	}
	return 1
}

// profile is what may change the bytes of native results here. The processor's own name is not in it: what it can do is.
func profile(threads int) engine.Profile {
	p := engine.Profile{
		Mode: device.Told().Numerics, InstructionSet: strings.ToLower(torch.Capability()), Threads: threads, Device: device.Name(),
		Libtorch: torch.Version(), FAISS: faiss.Version(), BLAS: blas(torch.BLAS()),
	}
	if device.BF16(torch.CPU) { // fp32 is not told, as in keys before there was another
		p.Precision = "bf16"
	}
	return p
}

// blas leaves the limits and options that OpenBLAS prints out of its description: name, version and kernel remain.
func blas(description string) string {
	fields := strings.Fields(description)
	var kept []string
	for i, f := range fields {
		if i < 2 || strings.HasPrefix(f, "kernel") || i == len(fields)-1 {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " ")
}
