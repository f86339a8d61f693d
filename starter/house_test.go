package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"crosssum/internal/operation/processes"
	"crosssum/internal/testkit/programs"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// lodging is a checkout's folder with the real programs, but for the engine, and ports of its own.
type lodging struct {
	t               *testing.T
	dir, program    string
	address, uiPort string
	keeper          *processes.Keeper
}

func lodge(t *testing.T) *lodging {
	t.Helper()
	temporal := programs.Temporal(t)
	l := &lodging{t: t, dir: t.TempDir(), program: programs.Path(t, "starter"), uiPort: fmt.Sprint(programs.FreePort(t)),
		address: fmt.Sprint("127.0.0.1:", programs.FreePort(t))}
	l.keeper = processes.NewKeeper(filepath.Join(l.dir, "data"))
	settings, err := os.ReadFile(filepath.Join(programs.Root(t), "temporal.yaml"))
	l.must(err)
	text := strings.NewReplacer("127.0.0.1:7233", l.address, "8233", l.uiPort, "worker_stop_seconds: 60", "worker_stop_seconds: 5",
		"heartbeat_seconds: 60", "heartbeat_seconds: 5", "retry_backoff_coefficient: 2", "retry_backoff_coefficient: 1", "attempts: 20", "attempts: 1000").Replace(string(settings))
	l.must(os.MkdirAll(filepath.Join(l.dir, "build/bin"), 0o755))
	l.must(os.WriteFile(filepath.Join(l.dir, "temporal.yaml"), []byte(text), 0o644))
	for _, models := range []string{"models", "build/models"} {
		l.must(os.Symlink(filepath.Join(programs.Root(t), models), filepath.Join(l.dir, models)))
	}
	l.must(os.Symlink(temporal, filepath.Join(l.dir, "build/bin/temporal")))
	l.install()
	t.Cleanup(func() {
		l.keeper.Stop(processes.WorkerName, 10*time.Second)
		l.keeper.Stop(processes.ServerName, 10*time.Second)
	})
	return l
}

func (l *lodging) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// install puts the worker in the place of the one that was there, as set-up does.
func (l *lodging) install() {
	l.t.Helper()
	aside, worker := filepath.Join(l.dir, "build/worker"), filepath.Join(l.dir, "build/bin/worker")
	b, err := os.ReadFile(programs.Path(l.t, "worker"))
	l.must(err)
	l.must(errors.Join(os.WriteFile(aside, b, 0o755), os.Rename(aside, worker)))
}

// crawl lays out a folder of one file.
func (l *lodging) crawl(rows string) string {
	l.t.Helper()
	folder := filepath.Join(l.dir, "mine")
	l.must(errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, "english.jsonl"), []byte(rows), 0o644)))
	return folder
}

func (l *lodging) start(args ...string) *started {
	l.t.Helper()
	s := &started{t: l.t, cmd: exec.Command(l.program, append(args, "--config", filepath.Join(l.dir, "temporal.yaml"))...)}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = l.dir, s, s
	l.must(s.cmd.Start())
	l.t.Cleanup(func() { s.cmd.Process.Kill() })
	return s
}

// says runs a command to its end; code is its exit status, and wants are what it is to print.
func (l *lodging) says(code int, command string, wants ...string) string {
	l.t.Helper()
	s := l.start(strings.Fields(command)...)
	s.ends(code)
	for _, want := range wants {
		if !strings.Contains(s.String(), want) {
			l.t.Errorf("%s does not say %q:\n%s", command, want, s)
		}
	}
	return s.String()
}

// pids are the processes of the server and the worker; 0: it does not run.
func (l *lodging) pids() (server, worker int) {
	if p, ok := l.keeper.Find(processes.ServerName); ok {
		server = p.PID
	}
	if p, ok := l.keeper.Find(processes.WorkerName); ok {
		worker = p.PID
	}
	return server, worker
}

// started is a command; what it says grows while it runs.
type started struct {
	t   *testing.T
	cmd *exec.Cmd
	mu  sync.Mutex
	out bytes.Buffer
}

func (s *started) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(b)
}

func (s *started) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// await waits for words of the command.
func (s *started) await(words string) {
	s.t.Helper()
	s.until("it does not say "+words, func() bool { return strings.Contains(s.String(), words) })
}

// goesOn waits for an attempt after those that were seen, and gives how many there are now.
func (s *started) goesOn(seen int) (attempts int) {
	s.t.Helper()
	s.until("its run stands still", func() bool {
		attempts = strings.Count(s.String(), "build/bin/engine does not start")
		return attempts > seen
	})
	return attempts
}

func (s *started) until(otherwise string, happens func() bool) {
	s.t.Helper()
	for began := time.Now(); !happens(); time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > 2*time.Minute || !programs.Lives(s.cmd.Process.Pid) {
			s.t.Fatalf("%s:\n%s", otherwise, s)
		}
	}
}

// ends waits for the end.
func (s *started) ends(code int) {
	s.t.Helper()
	s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		s.t.Fatalf("%s ends with %d, not %d:\n%s", strings.Join(s.cmd.Args[1:], " "), got, code, s)
	}
}

func TestUpKeepsServerAndWorkerUntilDown(t *testing.T) {
	t.Parallel()
	l := lodge(t)
	l.says(0, "status", "Temporal server  not running; ./crosssum up starts it", "worker           not running")

	l.says(0, "up", "Temporal server  "+l.address+", answers", "web UI           http://127.0.0.1:"+l.uiPort, "worker           running (process ")
	server, worker := l.pids()
	if server == 0 || worker == 0 {
		t.Fatalf("after up: server %d, worker %d", server, worker)
	}
	l.says(0, "status", fmt.Sprintf("(process %d, log ", server), fmt.Sprintf("running (process %d, log ", worker))
	l.says(1, "up --address 127.0.0.1:1", "this checkout's Temporal server runs at "+l.address)

	l.says(0, "up") // finds both
	if s, w := l.pids(); s != server || w != worker {
		t.Errorf("a second up has started others: %d and %d, not %d and %d", s, w, server, worker)
	}
	l.install() // a worker of newer sources
	l.says(0, "status", "but built before the last change: ./crosssum up restarts it")
	l.says(0, "up", "restarting the worker: it was built before the last change")
	s, w := l.pids()
	if s != server || w == worker || w == 0 {
		t.Errorf("after another set-up: server %d (it was %d), worker %d (it was %d)", s, server, w, worker)
	}

	l.says(0, "down", fmt.Sprintf("worker: stopped (it was process %d)", w), fmt.Sprintf("temporal: stopped (it was process %d)", server))
	for _, pid := range []int{server, w} {
		if programs.Lives(pid) {
			t.Errorf("down has returned, and process %d still runs", pid)
		}
	}
	l.says(0, "down", "worker: not running", "temporal: not running")
}

func TestAFailedRunEndsWhatItStartedAndLeavesWhatItFound(t *testing.T) {
	t.Parallel()
	l := lodge(t)
	l.must(os.Symlink(programs.Path(t, "engine"), filepath.Join(l.dir, "build/bin/engine"))) // which looks at the models first
	broken := "run --languages english --crawl " + l.crawl("{\n[\n")
	l.says(1, broken, "starting the Temporal server at "+l.address, "\nThe run failed in ingest: RejectBudget\n")
	if server, worker := l.pids(); server != 0 || worker != 0 {
		t.Errorf("a run has left its server (%d) and worker (%d) behind", server, worker)
	}

	l.says(0, "up")
	server, worker := l.pids()
	l.says(1, broken, "The run failed")
	l.says(0, "status", "latest runs", "Pipeline", "Failed")
	if s, w := l.pids(); s != server || w != worker {
		t.Errorf("a run that was not the first has ended others' processes: %d and %d, not %d and %d", s, w, server, worker)
	}
}

func TestTheServerAtAnAddressThatIsAskedForIsTakenAndAStrangersPortIsNot(t *testing.T) {
	t.Parallel()
	l := lodge(t)
	other := programs.Start(t, filepath.Join(l.dir, "other"))
	l.says(0, "up --address "+other.Address, "worker           running")
	server, worker := l.pids()
	if server != 0 || worker == 0 {
		t.Errorf("it has started a server (%d) beside the one that was asked for, or no worker (%d)", server, worker)
	}
	l.says(0, "status --address "+other.Address, "Temporal server  "+other.Address+", answers, not started here")
	l.says(0, "down", "temporal: not running")
	if !processes.Serves(t.Context(), other.Address) {
		t.Error("down has ended a server that it did not start")
	}

	_, port, _ := strings.Cut(other.Address, ":")
	text, err := os.ReadFile(filepath.Join(l.dir, "temporal.yaml"))
	l.must(err)
	l.must(os.WriteFile(filepath.Join(l.dir, "temporal.yaml"), bytes.ReplaceAll(text, []byte(l.address), []byte(other.Address)), 0o644))
	l.says(1, "up", "port "+port+" is in use by process ", "(temporal): stop it, or choose other ports")
}

func TestAWorkerThatEndsWhileItStartsIsToldWithItsLastWords(t *testing.T) {
	t.Parallel()
	l := lodge(t)
	l.must(errors.Join(os.Mkdir(filepath.Join(l.dir, "data"), 0o755), os.WriteFile(filepath.Join(l.dir, "data/store"), nil, 0o644)))
	l.says(1, "up", "the worker ended while it started; "+l.dir+"/data/log/worker.log ends with", "data/store")
	l.says(0, "status", "answers", "worker           not running; ./crosssum up starts it")
}

// TestAServerOrWorkerThatDiesWhileARunIsWatchedIsStartedAgain watches a run that cannot end: there is no engine, which is tried again.
func TestAServerOrWorkerThatDiesWhileARunIsWatchedIsStartedAgain(t *testing.T) {
	t.Parallel()
	l := lodge(t)
	row := `{"id": "1", "url": "http://a/1", "title": "One", "summary": "A summary.", "text": "A text that is longer."}` + "\n"
	run := l.start("run", "--languages", "english", "--crawl", l.crawl(row))
	attempts := run.goesOn(0)
	for _, name := range []string{processes.WorkerName, processes.ServerName} {
		p, ok := l.keeper.Find(name)
		if !ok || p.Owner != run.cmd.Process.Pid {
			t.Fatalf("%s: %v, %+v", name, ok, p)
		}
		syscall.Kill(p.PID, syscall.SIGKILL)
		run.await("the " + name + " had ended without being asked to; started again")
		attempts = run.goesOn(attempts)
		if again, ok := l.keeper.Find(name); !ok || again.PID == p.PID || again.Address != p.Address || again.Owner != p.Owner {
			t.Errorf("%s: %v, %+v, after %+v", name, ok, again, p)
		}
	}

	// The command is killed: what it started goes on, and the next one takes it over.
	l.must(run.cmd.Process.Kill())
	run.cmd.Wait()
	server, worker := l.pids()
	l.says(0, "status", fmt.Sprintf("(process %d, log ", server), "Running")
	next := l.start("run", "--languages", "english", "--crawl", filepath.Join(l.dir, "mine"))
	next.goesOn(0)
	if s, w := l.pids(); s != server || w != worker || s == 0 || w == 0 {
		t.Errorf("the next command has started others: %d and %d, not %d and %d", s, w, server, worker)
	}

	// Interrupted, it cancels its run and ends what is its own now.
	l.must(next.cmd.Process.Signal(os.Interrupt))
	next.ends(130)
	if !strings.Contains(next.String(), "what was published stays") {
		t.Errorf("interrupted, it says\n%s", next)
	}
	if s, w := l.pids(); s != 0 || w != 0 {
		t.Errorf("interrupted, it has left server %d and worker %d", s, w)
	}
}

func TestADatabaseThatIsLostIsToldByTheCommandThatNeedsIt(t *testing.T) {
	t.Parallel()
	l := lodge(t)
	database := filepath.Join(l.dir, "data/temporal.db")
	told := []string{"the Temporal server cannot work with its database " + database, "Results are in the store (" + filepath.Join(l.dir, "data/store") + ")",
		"To start with a new one:\n  mv " + database + " " + database + ".old\n"}
	l.must(errors.Join(os.Mkdir(filepath.Join(l.dir, "data"), 0o755), os.WriteFile(database, nil, 0o644)))
	out := l.says(1, "up", append(told, "the file is empty")...)
	if strings.Contains(out, "  | ") || strings.Contains(out, "SQL") {
		t.Errorf("up prints what the server logs:\n%s", out)
	}
	l.must(os.Remove(database))

	row := `{"id": "1", "url": "http://a/1", "title": "One", "summary": "A summary.", "text": "A text that is longer."}` + "\n"
	crawl := l.crawl(row)
	for how, lose := range map[string]func(server int) error{
		"under a server that runs": func(int) error { return os.WriteFile(database, bytes.Repeat([]byte("no database\n"), 50_000), 0o644) },
		"while its server is down": func(server int) error {
			return errors.Join(syscall.Kill(server, syscall.SIGKILL), os.WriteFile(database, nil, 0o644))
		},
	} {
		run := l.start("run", "--languages", "english", "--crawl", crawl)
		run.goesOn(0)
		server, _ := l.pids()
		l.must(lose(server))
		run.ends(1)
		for _, want := range told {
			if !strings.Contains(run.String(), want) {
				t.Errorf("%s: it does not say %q:\n%s", how, want, run)
			}
		}
		if s, w := l.pids(); s != 0 || w != 0 {
			t.Errorf("%s: it has left server %d and worker %d", how, s, w)
		}
		l.must(os.Remove(database))
		os.Remove(database + "-journal")
	}
}

func TestARunThatFindsNothingCompleteSaysSoOnTheScreenInTheLogAndInStatus(t *testing.T) {
	t.Parallel()
	l := lodge(t)
	for _, file := range []string{"2026-12/english.jsonl", "2026-13/Crawl.json", "notes.txt", "empty/README"} {
		path := filepath.Join(l.dir, "data/crawls", file)
		l.must(errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("{}"), 0o644)))
	}
	wants := []string{"passed over: 2026-12: no crawl.json in it, which says that a crawl is complete", `passed over: 2026-13: "Crawl.json" in it is not crawl.json: rename it`,
		"passed over: notes.txt: a file", "passed over: empty: neither crawl.json nor"}
	l.says(0, "up")
	l.says(0, "realign", append(wants, "Catalogue main is empty, and no crawl waits")...)
	l.says(0, "status", append(wants, "took no crawl")...)
	log, err := os.ReadFile(filepath.Join(l.dir, "data/log/worker.log"))
	l.must(err)
	if !strings.Contains(string(log), "2026-12") || !strings.Contains(string(log), "no crawl.json in it") {
		t.Errorf("the worker's log says nothing of it:\n%s", log)
	}
}

func TestStatusSaysWhyARunStandsStill(t *testing.T) {
	t.Parallel()
	l := lodge(t)
	l.says(0, "up")
	c, err := client.Dial(processes.ClientOptions(l.address, "crosssum", nil))
	l.must(err)
	t.Cleanup(c.Close)
	serve := func(probe func(workflow.Context, string) error) worker.Worker {
		w := worker.New(c, "probes", worker.Options{})
		w.RegisterWorkflowWithOptions(probe, workflow.RegisterOptions{Name: "Probe"})
		l.must(w.Start())
		return w
	}
	newer := serve(func(ctx workflow.Context, _ string) error { return workflow.Sleep(ctx, 3*time.Second) })
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "d", TaskQueue: "probes"}, "Probe", "changed")
	l.must(err)
	time.Sleep(time.Second) // it sleeps when its worker goes
	newer.Stop()
	t.Cleanup(serve(func(ctx workflow.Context, what string) error {
		if what != "changed" {
			panic(what)
		}
		return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour}), "look").Get(ctx, nil)
	}).Stop)
	for id, what := range map[string]string{"ü-1": "no stage of that name", "b": "two\nlines", "c": "a third reason"} {
		_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "probes"}, "Probe", what)
		l.must(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		out := l.says(0, "status", "latest runs")
		if strings.Contains(out, "stands still: its worker has failed to go on") && strings.Contains(out, "no stage of that name") &&
			strings.Contains(out, `two\nlines`) && strings.Contains(out, "a third reason") && strings.Contains(out, "a newer version has worked on it") && strings.Contains(out, "ü-1") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("status does not say it:\n%s", out)
		}
	}
}
