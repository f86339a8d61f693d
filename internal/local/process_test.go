package local

import (
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAProcessIsFoundByALaterCommandAndStopped(t *testing.T) {
	data := t.TempDir()
	k, err := NewKeeper(data)
	if err != nil {
		t.Fatal(err)
	}
	started, err := k.Start(Process{Name: "sleeper", Program: "/bin/sleep", Args: []string{"60"}}, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	later, _ := NewKeeper(data)
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

func TestAKilledProcessIsRevivedAndAStoppedOneIsNot(t *testing.T) {
	data := t.TempDir()
	k, err := NewKeeper(data)
	if err != nil {
		t.Fatal(err)
	}
	first, err := k.Start(Process{Name: "sleeper", Program: "/bin/sleep", Args: []string{"60"}, Address: "here"}, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, revived, err := k.Revive("sleeper", data, nil); revived || err != nil {
		t.Fatalf("a living process was started again: %v %v", revived, err)
	}
	syscall.Kill(first.PID, syscall.SIGKILL)
	for first.Alive() {
		time.Sleep(10 * time.Millisecond)
	}
	second, revived, err := k.Revive("sleeper", data, nil)
	if err != nil || !revived || second.PID == first.PID || !second.Alive() || second.Address != "here" {
		t.Fatalf("got %+v, revived %v, %v", second, revived, err)
	}
	if err := k.Stop("sleeper", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if p, revived, err := k.Revive("sleeper", data, nil); revived || err != nil {
		t.Fatalf("a stopped process was started again: %+v %v", p, err)
	}
}

func TestAnotherProcessUnderARememberedNumberIsNotTakenForOurs(t *testing.T) {
	k, err := NewKeeper(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := k.write(Process{Name: "worker", PID: os.Getpid(), Started: "1"}); err != nil {
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
	k, err := NewKeeper(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
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
