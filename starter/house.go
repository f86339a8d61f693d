package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"crosssum/internal/cli"
	"crosssum/internal/operation/config"
	"crosssum/internal/operation/processes"
	"crosssum/schemas"

	"go.temporal.io/sdk/client"
)

// house is the configuration of this machine and the processes that serve it.
type house struct {
	config   config.Config
	keeper   *processes.Keeper
	explicit bool   // the address was given by flag or environment: whatever answers there is meant
	ui       string // base address of the web UI, "" when it is not ours
}

// houseFlags adds the flags of temporal.yaml's settings; the result opens the house after parsing.
func houseFlags(set *flag.FlagSet) func() (*house, error) {
	file := set.String("config", filepath.Join(config.Root(), "temporal.yaml"), "the configuration file")
	overrides := config.AddFlags(set)
	return func() (*house, error) {
		c, err := config.Load(*file, overrides)
		if err != nil {
			return nil, err
		}
		h := &house{config: c}
		_, h.explicit = os.LookupEnv("CROSSSUM_ADDRESS")
		set.Visit(func(f *flag.Flag) { h.explicit = h.explicit || f.Name == "address" })
		h.keeper = processes.NewKeeper(h.data())
		if p, ok := h.keeper.Find(processes.ServerName); ok && !h.explicit {
			h.config.Address, h.ui = p.Address, p.UI
		}
		return h, nil
	}
}

// openHouse adds the flags of temporal.yaml's settings to set, parses args and opens the house.
func openHouse(set *flag.FlagSet, args []string) (*house, error) {
	open := houseFlags(set)
	if err := cli.Parse(set, args); err != nil {
		return nil, err
	}
	return open()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// data is the folder of everything that runs leave: store, runs, crawls, processes, logs, Temporal's database.
func (h *house) data() string { return filepath.Dir(h.config.Store) }

func (h *house) program(name string) string {
	return filepath.Join(h.config.Folder, "build", "bin", name)
}

// start makes sure that a Temporal server and a worker run. They stay if keep is set, else stopOwn ends what was started here.
func (h *house) start(ctx context.Context, keep, anyPort bool) error {
	owner := os.Getpid()
	if keep {
		owner = 0
	}
	unlock, err := h.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := h.server(ctx, owner, anyPort); err != nil {
		return err
	}
	return h.worker(ctx, owner)
}

// lock keeps other commands of this checkout from starting or stopping its server and worker meanwhile.
func (h *house) lock(ctx context.Context) (unlock func(), err error) {
	return h.keeper.Lock(ctx, func() { say("waiting for another command that starts or stops the Temporal server and the worker") })
}

// server joins the server of this checkout, or the one at an address that was asked for, or starts one.
func (h *house) server(ctx context.Context, owner int, anyPort bool) error {
	if p, ok := h.keeper.Find(processes.ServerName); ok {
		if h.explicit && p.Address != h.config.Address {
			return fmt.Errorf("this checkout's Temporal server runs at %s; stop it with ./crosssum down before you ask for %s", p.Address, h.config.Address)
		}
		if !processes.Serves(ctx, p.Address) {
			return fmt.Errorf("the Temporal server (process %d) does not answer at %s: see %s, or ./crosssum down", p.PID, p.Address, p.Log)
		}
		h.config.Address, h.ui = p.Address, p.UI
		return errors.Join(h.adopt(p, owner), h.blame(processes.PrepareNamespace(ctx, h.config.Address, h.config.Namespace)))
	}
	host, portText, err := net.SplitHostPort(h.config.Address)
	if err != nil {
		return fmt.Errorf("address %q: %w", h.config.Address, err)
	}
	loopback := host == "localhost" || net.ParseIP(host).IsLoopback()
	if (h.explicit || !loopback) && processes.Serves(ctx, h.config.Address) {
		if loopback {
			return processes.PrepareNamespace(ctx, h.config.Address, h.config.Namespace)
		}
		return nil // a cluster of others: its namespace and search attributes are its administrator's
	}
	if !loopback {
		return fmt.Errorf("no Temporal server answers at %s (address of temporal.yaml, CROSSSUM_ADDRESS or --address)", h.config.Address)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return fmt.Errorf("address %q: %w", h.config.Address, err)
	}
	port, uiPort, err := h.ports(port, anyPort && !h.explicit)
	if err != nil {
		return err
	}
	say("starting the Temporal server at 127.0.0.1:%d, web UI at http://127.0.0.1:%d", port, uiPort)
	p, err := h.keeper.StartServer(ctx, processes.ServerOptions{Program: h.program("temporal"),
		Database: h.database(), Store: h.config.Store, Port: port, UIPort: uiPort, Owner: owner})
	if err != nil {
		return err
	}
	h.config.Address, h.ui = p.Address, p.UI
	return h.blame(processes.PrepareNamespace(ctx, h.config.Address, h.config.Namespace))
}

// database is the file of the server that this checkout starts.
func (h *house) database() string { return filepath.Join(h.data(), "temporal.db") }

// blame gives the error of this checkout's server that its database makes, if it is one.
func (h *house) blame(err error) error {
	if _, ours := h.keeper.Find(processes.ServerName); err != nil && ours {
		if fault := processes.DatabaseFault(h.database(), h.config.Store, err.Error()); fault != nil {
			return fault
		}
	}
	return err
}

// ports are the configured ones if they are free, or else free ones near them if any will do.
func (h *house) ports(port int, anyPort bool) (front, ui int, err error) {
	ui = h.config.UIPort
	if processes.PortFree(port) && processes.PortFree(ui) {
		return port, ui, nil
	}
	busy := port
	if processes.PortFree(port) {
		busy = ui
	}
	if !anyPort {
		return 0, 0, fmt.Errorf("port %d is in use by %s: stop it, or choose other ports with --address 127.0.0.1:PORT --ui-port PORT"+
			" (or CROSSSUM_ADDRESS and CROSSSUM_UI_PORT, or temporal.yaml)", busy, processes.PortHolder(busy))
	}
	const gap = 1000
	front, err = processes.FreePort(port+1, gap)
	say("port %d is in use by %s; taking %d and %d instead", busy, processes.PortHolder(busy), front, front+gap)
	return front, front + gap, err
}

// worker joins the worker of this checkout or starts one, and waits until it polls.
func (h *house) worker(ctx context.Context, owner int) error {
	c, err := h.client()
	if err != nil {
		return err
	}
	defer c.Close()
	queue := h.config.Queue(schemas.QueueMain)
	if p, ok := h.keeper.Find(processes.WorkerName); ok {
		if !p.Outdated() && p.Address == h.config.Address {
			return errors.Join(h.adopt(p, owner), processes.WaitForWorker(ctx, c, queue, p))
		}
		say("restarting the worker: it was built before the last change, or works for another server")
		if err := h.keeper.Stop(processes.WorkerName, h.patience(processes.WorkerName)); err != nil {
			return err
		}
	}
	p, err := h.keeper.Start(processes.Process{Name: processes.WorkerName, Owner: owner, Program: h.program("worker"), Address: h.config.Address},
		h.config.Folder, h.environment())
	if err != nil {
		return err
	}
	return processes.WaitForWorker(ctx, c, queue, p)
}

// environment hands this command's settings to the worker.
func (h *house) environment() []string {
	c, list := h.config, string(os.PathListSeparator)
	return []string{"CROSSSUM_ADDRESS=" + c.Address, "CROSSSUM_NAMESPACE=" + c.Namespace, "CROSSSUM_STORE=" + c.Store,
		"CROSSSUM_RUNS=" + c.Runs, "CROSSSUM_LANGUAGE_ID=" + c.LanguageID, "CROSSSUM_ENGINE=" + c.Engine,
		"CROSSSUM_THREADS=" + strconv.Itoa(c.Threads), "CROSSSUM_DEVICE=" + c.Device,
		"CROSSSUM_CRAWL_ROOTS=" + strings.Join(c.CrawlRoots, list), "CROSSSUM_MODEL_ROOTS=" + strings.Join(c.ModelRoots, list)}
}

// attend starts this checkout's server or worker again when it dies while a run is watched: the run goes on from its last
// published unit or checkpoint. `down` from elsewhere is respected. The result ends it. hopeless gets the error of a server that cannot
// work with its database.
func (h *house) attend(ctx context.Context, hopeless func(error)) (leave func()) {
	const every, most = 2 * time.Second, 20 // a worker that dies at once again and again is not worth more
	ctx, cancel := context.WithCancel(ctx)
	gone := make(chan struct{})
	folder, environment := h.config.Folder, h.environment()
	go func() {
		defer close(gone)
		for times := 0; times < most; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(every):
			}
			if fault := h.keeper.ServerFault(h.database(), h.config.Store); fault != nil {
				hopeless(fault)
				return
			}
			for _, name := range []string{processes.ServerName, processes.WorkerName} {
				p, revived, err := h.keeper.Revive(ctx, name, folder, environment)
				if revived {
					times++
					say("the %s had ended without being asked to; started again (process %d, log %s)", name, p.PID, p.Log)
				}
				if err != nil && ctx.Err() == nil {
					say("%v", err)
				}
			}
		}
	}()
	return func() { cancel(); <-gone }
}

// adopt settles who ends a process that was found running: `up` and --keep make it stay, a command that was killed passes
// its processes on, and one that still runs has to share: then they stay.
func (h *house) adopt(p processes.Process, owner int) error {
	if p.Owner == 0 || p.Owner == owner {
		return nil
	}
	if !p.Orphan() {
		owner = 0
	}
	p.Owner = owner
	return h.keeper.Update(p)
}

// stopOwn ends the processes that belong to this command.
func (h *house) stopOwn() {
	unlock, err := h.lock(context.Background())
	if err != nil {
		return // then it started none either
	}
	defer unlock()
	for _, name := range []string{processes.WorkerName, processes.ServerName} {
		if p, ok := h.keeper.Find(name); ok && p.Owner == os.Getpid() {
			if err := h.keeper.Stop(name, h.patience(name)); err != nil {
				say("%v", err)
			}
		}
	}
}

func (h *house) patience(name string) time.Duration {
	if name == processes.WorkerName {
		return h.config.WorkerStop() + 5*time.Second
	}
	return 15 * time.Second
}

// client connects to the namespace; it dials when it is first used.
func (h *house) client() (client.Client, error) {
	return client.NewLazyClient(processes.ClientOptions(h.config.Address, h.config.Namespace, nil))
}

// say prints a line about what happens now.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
