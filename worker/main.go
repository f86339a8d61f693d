// Command worker registers workflows and activities on three task queues, and starts the native engine as a child. It is pure Go.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"crosssum/activities"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/fault/crash"
	"crosssum/internal/operation/config"
	"crosssum/internal/operation/processes"
	"crosssum/schemas"
	"crosssum/workflows"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
)

func main() {
	debug.SetGCPercent(50) // memory should follow what the tables of ids and digests hold, not twice that
	path := flag.String("config", "temporal.yaml", "configuration file")
	overrides := config.AddFlags(flag.CommandLine)
	flag.Parse()
	if err := run(*path, overrides); err != nil {
		log.Fatalf("worker: %v", err)
	}
}

func run(path string, overrides *config.Flags) error {
	c, err := config.Load(path, overrides)
	if err != nil {
		return err
	}
	artifacts, err := store.Open(c.Store)
	if err != nil {
		return err
	}
	artifacts.Crash = crash.FromEnvironment()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	temporal, err := client.Dial(processes.ClientOptions(c.Address, c.Namespace, sdklog.NewStructuredLogger(logger)))
	if err != nil {
		return err
	}
	defer temporal.Close()
	// Both queues share the processors, and so one engine: callers take turns.
	native := engine.New(engine.Options{Program: c.Engine, Threads: c.Threads, Device: c.Device, Stop: c.EngineStop(), Log: os.Stderr})
	defer native.Close()
	settings := activities.Config{Store: artifacts, CPU: processor{native}, GPU: native, Checker: native, CrawlRoots: c.CrawlRoots, AwaitRoom: true, ModelRoots: c.ModelRoots,
		Runs: c.Runs, LanguageID: c.LanguageID, Policies: c.Stages, Queues: c.Queues}
	for _, q := range []schemas.Queue{schemas.QueueCPU, schemas.QueueGPU, schemas.QueueMain} {
		options := worker.Options{WorkerStopTimeout: c.WorkerStop(),
			DisableRegistrationAliasing:  true, // a type is known by the name that it is registered under, not by its Go function's
			MaxHeartbeatThrottleInterval: time.Duration(c.HeartbeatThrottle) * time.Second}
		if q != schemas.QueueMain {
			options.MaxConcurrentActivityExecutionSize = 1 // an item uses all threads of the engine
			options.DisableWorkflowWorker = true
		}
		w := worker.New(temporal, c.Queue(q), options)
		activities.Register(w, settings)
		if q == schemas.QueueMain {
			workflows.Register(w)
		}
		if err := w.Start(); err != nil {
			return err
		}
		defer w.Stop()
	}
	log.Printf("worker: %s, namespace %s, store %s, %d threads", c.Address, c.Namespace, c.Store, c.Threads)
	<-worker.InterruptCh()
	return nil
}

// processor is the engine for stages that compute on the processor, whatever the device of training: so say the keys of their results.
type processor struct{ *engine.Client }

// Profile is that of the engine on the processor.
func (p processor) Profile(ctx context.Context, mode string) (engine.Profile, error) {
	profile, err := p.Client.Profile(ctx, mode)
	profile.Device = "cpu"
	return profile, err
}
