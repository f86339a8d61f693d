package processes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"crosssum/schemas"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Retention is how long the server keeps the histories of finished runs. Artifacts do not depend on it.
const Retention = 90 * 24 * time.Hour

// ServerName and WorkerName are the processes that the Keeper knows.
const (
	ServerName = "temporal"
	WorkerName = "worker"
)

// ServerOptions place a Temporal server on the loopback interface.
type ServerOptions struct {
	Program  string // build/bin/temporal
	Database string // SQLite file
	Store    string // where results are, for messages
	Port     int    // front end
	UIPort   int
	Owner    int // see Process.Owner
}

// StartServer starts a Temporal server and its web UI and waits until it answers.
func (k *Keeper) StartServer(ctx context.Context, o ServerOptions) (Process, error) {
	if err := os.MkdirAll(filepath.Dir(o.Database), 0o755); err != nil {
		return Process{}, err
	}
	p := Process{Name: ServerName, Owner: o.Owner, Program: o.Program,
		Address: fmt.Sprintf("127.0.0.1:%d", o.Port), UI: fmt.Sprintf("http://127.0.0.1:%d", o.UIPort),
		Args: []string{"server", "start-dev", "--ip", "127.0.0.1", "--port", strconv.Itoa(o.Port),
			"--ui-port", strconv.Itoa(o.UIPort), "--db-filename", o.Database, "--log-level", "warn"}}
	p, err := k.Start(p, filepath.Dir(o.Database), nil)
	if err != nil {
		return p, err
	}
	for deadline := time.Now().Add(60 * time.Second); ; {
		if err = ping(ctx, p.Address); err == nil {
			return p, nil
		}
		if !p.Alive() {
			if fault := k.ServerFault(o.Database, o.Store); fault != nil {
				return p, fmt.Errorf("%w\nThe server's log: %s", fault, p.Log)
			}
			return p, fmt.Errorf("the Temporal server ended while it started; %s ends with\n  | %s", p.Log, p.Tail(6))
		}
		if time.Now().After(deadline) {
			return p, fmt.Errorf("the Temporal server does not answer at %s: %w; see %s", p.Address, err, p.Log)
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return p, err
		}
	}
}

// Serves says whether a Temporal server answers at the address.
func Serves(ctx context.Context, address string) bool { return ping(ctx, address) == nil }

func ping(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, ClientOptions(address, "", nil))
	if err != nil {
		return err
	}
	c.Close()
	return nil
}

// PrepareNamespace makes the namespace with its retention and search attributes, where they are missing, and waits until
// the server's caches know of them.
func PrepareNamespace(ctx context.Context, address, namespace string) error {
	namespaces, err := client.NewNamespaceClient(ClientOptions(address, "", nil))
	if err != nil {
		return err
	}
	defer namespaces.Close()
	err = namespaces.Register(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, Description: "CrossSum runs",
		WorkflowExecutionRetentionPeriod: durationpb.New(Retention),
	})
	var exists *serviceerror.NamespaceAlreadyExists
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("namespace %s: %w", namespace, err)
	}
	c, err := client.NewLazyClient(ClientOptions(address, namespace, nil))
	if err != nil {
		return err
	}
	defer c.Close()
	for deadline := time.Now().Add(30 * time.Second); ; {
		if err = addSearchAttributes(ctx, c, namespace); err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("search attributes of namespace %s: %w", namespace, err)
		}
		if err := sleep(ctx, 300*time.Millisecond); err != nil {
			return err
		}
	}
}

// addSearchAttributes registers what is missing and confirms that the front end lists all of it.
func addSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	list := func() (map[string]enums.IndexedValueType, error) {
		r, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
		return r.GetCustomAttributes(), err
	}
	have, err := list()
	if err != nil {
		return err
	}
	missing := map[string]enums.IndexedValueType{}
	for _, a := range schemas.SearchAttributes {
		kind, err := enums.IndexedValueTypeFromString(a.Type)
		if err != nil {
			return err
		}
		if had, ok := have[a.Name]; ok && had != kind {
			return fmt.Errorf("%s is a %s there and should be a %s", a.Name, had, kind)
		} else if !ok {
			missing[a.Name] = kind
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing}); err != nil {
		return err
	}
	return errors.New("not listed yet")
}

// WaitForWorker waits until a worker polls the task queue. p, when it has a pid, is the worker's process: its end is an error.
func WaitForWorker(ctx context.Context, c client.Client, queue string, p Process) error {
	mine := strconv.Itoa(p.PID) + "@" // which the SDK begins a poller's identity with
	for deadline := time.Now().Add(45 * time.Second); ; {
		r, err := c.DescribeTaskQueue(ctx, queue, enums.TASK_QUEUE_TYPE_WORKFLOW)
		if err == nil {
			for _, poller := range r.GetPollers() {
				if time.Since(poller.GetLastAccessTime().AsTime()) < 90*time.Second && (p.PID == 0 || strings.HasPrefix(poller.GetIdentity(), mine)) {
					return nil
				}
			}
		}
		if p.PID != 0 && !p.Alive() {
			return fmt.Errorf("the worker ended while it started; %s ends with\n  | %s", p.Log, p.Tail(6))
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no worker polls the task queue %s (see %s): %w", queue, p.Log, errors.Join(err, ctx.Err()))
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
