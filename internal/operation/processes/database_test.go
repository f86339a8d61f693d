package processes_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crosssum/internal/operation/processes"
	"crosssum/internal/testkit/programs"
)

// a server's place, with ports of its own.
func place(t *testing.T) (*processes.Keeper, processes.ServerOptions) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "it's here")
	k := processes.NewKeeper(data)
	t.Cleanup(func() { k.Stop(processes.ServerName, 15*time.Second) })
	return k, processes.ServerOptions{Program: programs.Temporal(t), Database: filepath.Join(data, "temporal.db"), Store: filepath.Join(data, "store"),
		Port: programs.FreePort(t), UIPort: programs.FreePort(t)}
}

func TestADatabaseThatCannotBeUsedIsNamedWithTheWayToANewOne(t *testing.T) {
	k, o := place(t)
	_, err := k.StartServer(t.Context(), o)
	if err = errors.Join(err, k.Stop(processes.ServerName, 15*time.Second)); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(o.Database)
	if err != nil {
		t.Fatal(err)
	}
	overwritten := bytes.Clone(whole)
	copy(overwritten[20*4096:40*4096], bytes.Repeat([]byte("?"), 20*4096))
	for _, c := range []struct {
		says    string
		content []byte
	}{
		{"the file is empty", nil},
		{fmt.Sprintf("the file is cut off, at byte %d of %d", len(whole)/2, len(whole)), whole[:len(whole)/2]},
		{fmt.Sprintf("the file is cut off, at byte %d of %d", len(whole)-4096, len(whole)), whole[:len(whole)-4096]},
		{"the file is cut off, at byte 50", whole[:50]},
		{"the file is cut off, at byte 7", whole[:7]},
		{"the file was overwritten: it does not begin as a database", bytes.Repeat([]byte("no database\n"), 1000)},
		{"the file was overwritten: it does not begin as a database", make([]byte, len(whole))},
		{"parts of the file were overwritten", overwritten},
	} {
		if err := os.WriteFile(o.Database, c.content, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := k.StartServer(t.Context(), o)
		told(t, err, o, c.says)
		if at := k.ServerFault(o.Database, o.Store); at == nil {
			t.Errorf("%s: a later command is not told", c.says)
		}
	}

	// The commands that the message gives do what it says.
	if err := os.WriteFile(o.Database+"-journal", []byte("of the old one"), 0o644); err != nil {
		t.Fatal(err)
	}
	err = k.ServerFault(o.Database, o.Store)
	told(t, err, o, "parts of the file were overwritten")
	var move []string
	for _, line := range strings.Split(err.Error(), "\n") {
		if strings.HasPrefix(line, "  mv ") {
			move = append(move, line)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "/bin/sh", "-e", "-c", strings.Join(move, "\n")).CombinedOutput(); err != nil || len(move) != 2 {
		t.Fatalf("%q: %v %s", move, err, out)
	}
	if _, err := k.StartServer(t.Context(), o); err != nil {
		t.Errorf("with a new database: %v", err)
	}
	if kept, err := os.ReadFile(o.Database + ".old"); err != nil || !bytes.Equal(kept, overwritten) {
		t.Errorf("the old one is not kept: %v", err)
	}
	if err := k.ServerFault(o.Database, o.Store); err != nil {
		t.Errorf("of a server that works: %v", err)
	}
}

func TestWhoLocksTheDatabaseIsNamed(t *testing.T) {
	k, o := place(t)
	_, err := k.StartServer(t.Context(), o)
	if err = errors.Join(err, k.Stop(processes.ServerName, 15*time.Second)); err != nil {
		t.Fatal(err)
	}
	locker := exec.CommandContext(t.Context(), "python3", "-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('begin exclusive'); print('locked', flush=True); input()",
		o.Database)
	hold, err := locker.StdinPipe()
	out, err2 := locker.StdoutPipe()
	if err = errors.Join(err, err2, locker.Start()); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_, err = k.StartServer(t.Context(), o)
	told(t, err, o, fmt.Sprintf("it is locked by process %d (python3)", locker.Process.Pid))
	hold.Close()
	locker.Wait()
	if _, err := k.StartServer(t.Context(), o); err != nil {
		t.Errorf("when nobody locks it any more: %v", err)
	}
}

func TestWhatIsNoDatabaseOfThisServerIsTold(t *testing.T) {
	k, o := place(t)
	if err := os.MkdirAll(o.Database, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := k.StartServer(t.Context(), o)
	told(t, err, o, "it is no regular file")
	other := exec.CommandContext(t.Context(), "python3", "-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('create table songs (title text)'); c.commit()",
		o.Database)
	if err := os.Remove(o.Database); err != nil {
		t.Fatal(err)
	}
	if out, err := other.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	_, err = k.StartServer(t.Context(), o)
	told(t, err, o, "it has other tables than this version of the server wants")
}

// told looks at the error for what is wrong, the file, the store and the way out.
func told(t *testing.T, err error, o processes.ServerOptions, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("the server started; wanted: %s", says)
	}
	for _, part := range []string{says, o.Database, "Results are in the store (" + o.Store + ")", "do not depend on it", "To start with a new one:\n  mv '"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("wanted %q in: %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "  | ") {
		t.Errorf("the tail of a log: %v", err)
	}
}
