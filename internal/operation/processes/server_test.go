package processes_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"crosssum/internal/operation/processes"
	"crosssum/internal/testkit/programs"
	"crosssum/schemas"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
)

func TestAServerStartsWithANamespaceOfNinetyDaysAndItsSearchAttributes(t *testing.T) {
	program, data := programs.Temporal(t), t.TempDir()
	k := processes.NewKeeper(data)
	port, err := processes.FreePort(20000+os.Getpid()%20000, 1000)
	if err != nil {
		t.Fatal(err)
	}
	options := processes.ServerOptions{Program: program, Database: filepath.Join(data, "temporal.db"), Port: port, UIPort: port + 1000}
	t.Cleanup(func() { k.Stop(processes.ServerName, 15*time.Second) })
	for _, moment := range []string{"new", "started again on the same file"} {
		p, err := k.StartServer(t.Context(), options)
		if err != nil {
			t.Fatalf("%s: %v", moment, err)
		}
		for range 2 { // the second time nothing is missing
			if err := processes.PrepareNamespace(t.Context(), p.Address, "crosssum"); err != nil {
				t.Fatalf("%s: %v", moment, err)
			}
		}
		namespaceIsRight(t, p.Address)
		if err := k.Stop(processes.ServerName, 15*time.Second); err != nil {
			t.Fatal(err)
		}
	}
}

func namespaceIsRight(t *testing.T, address string) {
	t.Helper()
	namespaces, err := client.NewNamespaceClient(processes.ClientOptions(address, "", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer namespaces.Close()
	d, err := namespaces.Describe(t.Context(), "crosssum")
	if err != nil {
		t.Fatal(err)
	}
	if got := d.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != 90*24*time.Hour {
		t.Errorf("retention %v, want 90 days", got)
	}
	c, err := client.NewLazyClient(processes.ClientOptions(address, "crosssum", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: "crosssum"})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range schemas.SearchAttributes {
		if got := r.GetCustomAttributes()[a.Name].String(); got != a.Type {
			t.Errorf("search attribute %s is %q, want %s", a.Name, got, a.Type)
		}
	}
}
