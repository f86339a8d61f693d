package processes

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAProcessIsFoundByALaterCommandAndStopped(t *testing.T) {
	data := t.TempDir()
	k := NewKeeper(data)
	started, err := k.Start(Process{Name: "sleeper", Program: "/bin/sleep", Args: []string{"60"}}, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	later := NewKeeper(data)
	found, ok := later.Find("sleeper")
	if !ok || found.PID != started.PID || found.Outdated() {
		t.Fatalf("found %v %+v, want process %d", ok, found, started.PID)
	}
	if err := later.Stop("sleeper", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if _, ok := later.Find("sleeper"); ok || started.Alive() {
		t.Fatal("it still runs")
	}
}

func TestAKeeperWritesNothingBeforeAProcessStarts(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if _, ok := NewKeeper(data).Find("worker"); ok || exists(data) {
		t.Errorf("found a worker: %v; made %s: %v", ok, data, exists(data))
	}
}

func TestAFolderThatCannotBeWrittenToIsAnErrorThatSaysWhatMovesIt(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(data, nil, 0o644); err != nil { // in the place of the folder: root may write anywhere else
		t.Fatal(err)
	}
	if _, err := NewKeeper(data).Lock(t.Context(), func() {}); err == nil || !strings.Contains(err.Error(), "CROSSSUM_STORE") {
		t.Errorf("%v", err)
	}
}

func TestTwoCommandsDoNotStartProcessesAtTheSameTime(t *testing.T) {
	data := t.TempDir()
	unlock, err := NewKeeper(data).Lock(t.Context(), func() { t.Error("it waits for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	told, got := make(chan bool, 1), make(chan func(), 1)
	go func() {
		second, err := NewKeeper(data).Lock(t.Context(), func() { told <- true })
		if err != nil {
			t.Error(err)
		}
		got <- second
	}()
	<-told
	select {
	case <-got:
		t.Fatal("the second command got the lock while the first held it")
	case <-time.After(300 * time.Millisecond):
	}
	unlock()
	(<-got)()
}

func TestAKilledProcessIsRevivedAndAStoppedOneIsNot(t *testing.T) {
	data := t.TempDir()
	k := NewKeeper(data)
	first, err := k.Start(Process{Name: "sleeper", Program: "/bin/sleep", Args: []string{"60"}, Address: "here"}, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, revived, err := k.Revive(t.Context(), "sleeper", data, nil); revived || err != nil {
		t.Fatalf("a living process was started again: %v %v", revived, err)
	}
	syscall.Kill(first.PID, syscall.SIGKILL)
	for first.Alive() {
		time.Sleep(10 * time.Millisecond)
	}
	second, revived, err := k.Revive(t.Context(), "sleeper", data, nil)
	if err != nil || !revived || second.PID == first.PID || !second.Alive() || second.Address != "here" {
		t.Fatalf("got %+v, revived %v, %v", second, revived, err)
	}
	if err := k.Stop("sleeper", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if p, revived, err := k.Revive(t.Context(), "sleeper", data, nil); revived || err != nil {
		t.Fatalf("a stopped process was started again: %+v %v", p, err)
	}
}

func TestAnotherProcessUnderARememberedNumberIsNotTakenForOurs(t *testing.T) {
	k := NewKeeper(t.TempDir())
	if err := errors.Join(k.prepare(), k.Update(Process{Name: "worker", PID: os.Getpid(), Started: "1"})); err != nil {
		t.Fatal(err)
	}
	if p, ok := k.Find("worker"); ok {
		t.Fatalf("took the test itself for the worker: %+v", p)
	}
	if err := k.Stop("worker", time.Second); err != nil { // must not kill us
		t.Fatal(err)
	}
}

func TestOneThatIgnoresTheRequestIsKilledAfterPatience(t *testing.T) {
	k := NewKeeper(t.TempDir())
	p, err := k.Start(Process{Name: "stubborn", Program: "/bin/sh", Args: []string{"-c", "trap '' TERM; echo ready; while :; do sleep 1; done"}}, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(p.Tail(1), "ready") {
		time.Sleep(10 * time.Millisecond)
	}
	if err := k.Stop("stubborn", 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if p.Alive() {
		t.Fatal("it still runs")
	}
}

func TestABusyPortIsPassedOverAndItsHolderNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, text, _ := net.SplitHostPort(l.Addr().String())
	port, _ := strconv.Atoi(text)
	if PortFree(port) {
		t.Errorf("port %d is said to be free", port)
	}
	if got, want := PortHolder(port), "process "+strconv.Itoa(os.Getpid()); !strings.HasPrefix(got, want) {
		t.Errorf("holder %q, want %q", got, want)
	}
	if free, err := FreePort(port, 1); err != nil || free == port {
		t.Errorf("FreePort = %d, %v", free, err)
	}
}
