package programs

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"crosssum/internal/operation/processes"

	"go.temporal.io/sdk/client"
)

// Namespace of the servers.
const Namespace = "crosssum"

// Server is a Temporal server with its namespace.
type Server struct {
	Address string
	Client  client.Client
	Keeper  *processes.Keeper // which can keep a worker beside it
}

// Temporal is the server that set-up builds. `./crosssum test --quick` does not, and leaves out the tests that want it.
func Temporal(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("NOT RUN in short: it wants a Temporal server")
	}
	path := filepath.Join(Root(t), "build/bin/temporal")
	if !exists(path) {
		t.Fatalf("%s is not built: run ./crosssum setup first", path)
	}
	return path
}

// Start starts a server whose files lie under dir, and ends it with the test.
func Start(t *testing.T, dir string) *Server {
	t.Helper()
	program := Temporal(t)
	s := &Server{Keeper: processes.NewKeeper(dir)}
	t.Cleanup(func() { s.Keeper.Stop(processes.ServerName, 10*time.Second) })
	p, err := s.Keeper.StartServer(t.Context(), processes.ServerOptions{Program: program, Database: filepath.Join(dir, "temporal/t.db"),
		Port: FreePort(t), UIPort: FreePort(t)})
	if err == nil {
		s.Address = p.Address
		err = processes.PrepareNamespace(t.Context(), s.Address, Namespace)
	}
	if err == nil {
		s.Client, err = client.Dial(processes.ClientOptions(s.Address, Namespace, nil))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Client.Close)
	return s
}

// FreePort is a port of the loopback address that nobody listens to.
func FreePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
