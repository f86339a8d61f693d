package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/testkit/programs"
	"crosssum/schemas"
)

// program starts the real engine with the first call.
func program(t *testing.T) *engine.Client {
	t.Helper()
	c := engine.New(engine.Options{Program: programs.Path(t, "engine"), Threads: 1})
	t.Cleanup(func() { c.Close() })
	return c
}

func kind(err error) (of, message string) {
	var typed *fault.Error
	if !errors.As(err, &typed) {
		return "", fmt.Sprint(err)
	}
	return typed.Type, typed.Message
}

// rank has all but a model: an empty request would be refused as one to train is.
var rank = engine.RankRequest{TrainRequest: engine.TrainRequest{Dataset: "none", Params: schemas.Demo().Train}}

// requests are an empty one for each operation, and what its handler says of it.
var requests = map[string]struct {
	args any
	says string
}{
	engine.OpProfile:   {struct{}{}, ""},
	engine.OpCheck:     {engine.CheckRequest{Summarizer: "none"}, "summarizer: open none/config.json"},
	engine.OpEncode:    {engine.EncodeRequest{}, "encoder.name: is missing"},
	engine.OpClassify:  {engine.ClassifyRequest{}, "stat : no such file"},
	engine.OpSearch:    {engine.SearchRequest{}, "align.keep: 0"},
	engine.OpTokenize:  {engine.TokenizeRequest{}, "train.source_tokens: 0"},
	engine.OpTrain:     {engine.TrainRequest{}, "a training takes one of"},
	engine.OpTrainRank: {rank, "summarizer: open config.json"},
	engine.OpGenerate:  {engine.GenerateRequest{}, "generate.beams: 0"},
}

func TestEachOperationOfTheProtocolReachesItsHandlerAndAnyOtherIsNamed(t *testing.T) {
	sources, err := filepath.Glob("../../internal/engine/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var operations []string
	for _, source := range sources {
		b, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`\bOp[A-Z]\w* += "([a-z-]+)"`).FindAllStringSubmatch(string(b), -1) {
			if found[1] != engine.OpCancel { // which is for the request at work
				operations = append(operations, found[1])
			}
		}
	}
	slices.Sort(operations)
	if known := slices.Sorted(maps.Keys(requests)); !slices.Equal(operations, known) {
		t.Fatalf("the protocol has the operations %v, and this test has requests for %v", operations, known)
	}
	c := program(t)
	for _, op := range operations {
		of, message := kind(c.Call(t.Context(), "portable", op, requests[op].args, nil, nil))
		if strings.Contains(message, "engine: arguments") || requests[op].says == "" && of != "" || !strings.Contains(message, requests[op].says) {
			t.Errorf("%s: %s: %s; wanted %q", op, of, message, requests[op].says)
		}
		if of, message := kind(c.Call(t.Context(), "portable", op, map[string]int{"colour": 1}, nil, nil)); of != schemas.InvalidInput || !strings.Contains(message, `unknown field "colour"`) {
			t.Errorf("%s with a field that no request has: %s: %s", op, of, message)
		}
	}
	if of, message := kind(c.Call(t.Context(), "portable", "dance", nil, nil, nil)); of != schemas.InvalidInput || !strings.Contains(message, `unknown operation "dance"`) {
		t.Errorf("an operation of another build: %s: %s", of, message)
	}
	if p, err := c.Profile(t.Context(), "portable"); err != nil || p.Threads != 1 || p.Libtorch == "" || p.FAISS == "" {
		t.Errorf("after all of them: %+v, %v", p, err)
	}
}

func TestAnEngineThatEndsAmidARequestIsFollowedByOneThatGivesTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	texts := filepath.Join(dir, "texts.arrow")
	if err := arrowfile.WriteRows(texts, 120, func(i int) schemas.TextRow {
		return schemas.TextRow{Language: "english", ID: fmt.Sprintf("%03d", i), Text: fmt.Sprint(strings.Repeat("a library of functions ", 1+i%8), i)}
	}); err != nil {
		t.Fatal(err)
	}
	c := program(t)
	encode := func(name string, report engine.Report) ([]byte, error) {
		request := engine.EncodeRequest{Model: filepath.Join(programs.Root(t), "build/models/multilingual-e5-small"), Prefix: "query: ", MaxTokens: 64,
			BatchTokens: 128, Input: texts, Column: "text", Output: filepath.Join(dir, name)}
		ctx := engine.WithJob(t.Context(), engine.Job{Unit: "embed english"})
		if err := c.Call(ctx, "portable", engine.OpEncode, request, nil, report); err != nil {
			return nil, err
		}
		return os.ReadFile(request.Output)
	}
	whole, err := encode("whole", nil)
	if err != nil {
		t.Fatal(err)
	}
	amid := func(signal syscall.Signal) engine.Report {
		sent := false
		return func(p schemas.Progress) {
			if !sent && p.Done > 0 && p.Done < p.Total {
				sent = true
				for _, pid := range programs.Children(os.Getpid()) {
					syscall.Kill(pid, signal)
				}
			}
		}
	}
	for signal, says := range map[syscall.Signal]string{syscall.SIGKILL: "signal: killed", syscall.SIGSEGV: "SIGSEGV"} {
		_, err := encode(fmt.Sprint("cut ", signal), amid(signal))
		if of, message := kind(err); of != schemas.EngineError || !strings.Contains(message, says) {
			t.Errorf("%v: %s: %s", signal, of, message)
		}
	}
	again, err := encode("again", nil)
	if err != nil || !slices.Equal(again, whole) {
		t.Errorf("the next engine gives other bytes: %v", err)
	}
}
