package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/operation/config"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "temporal.yaml")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func shipped(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../../temporal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheShippedFileIsReadAndCompleted(t *testing.T) {
	path := write(t, shipped(t))
	c, err := config.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Stages["train"]; p.HeartbeatSeconds != 60 || p.InitialSeconds != 1 || p.Attempts != 100 {
		t.Errorf("train: %+v", p)
	}
	if p := c.Stages["embed"]; p.HeartbeatSeconds != 60 || p.MaximumSeconds != 30 {
		t.Errorf("embed: %+v", p)
	}
	if want := filepath.Join(filepath.Dir(path), "data/store"); c.Store != want || c.Threads < 1 {
		t.Errorf("store %s, wanted %s; %d threads", c.Store, want, c.Threads)
	}
}

func TestFlagsBeatTheEnvironmentAndTheEnvironmentBeatsTheFile(t *testing.T) {
	t.Setenv("CROSSSUM_ADDRESS", "from-environment:1")
	t.Setenv("CROSSSUM_STORE", "/from/environment")
	set := flag.NewFlagSet("", flag.ContinueOnError)
	flags := config.AddFlags(set)
	if err := set.Parse([]string{"--address", "from-flag:2", "--model-roots", "/a:b"}); err != nil {
		t.Fatal(err)
	}
	path := write(t, shipped(t))
	c, err := config.Load(path, flags)
	if err != nil {
		t.Fatal(err)
	}
	if c.Address != "from-flag:2" || c.Store != "/from/environment" || c.Namespace != "crosssum" {
		t.Errorf("%s %s %s", c.Address, c.Store, c.Namespace)
	}
	if strings.Join(c.ModelRoots, " ") != "/a "+filepath.Join(filepath.Dir(path), "b") {
		t.Errorf("model roots %v", c.ModelRoots)
	}
}

func TestWrongFilesAreNamedWithTheirReason(t *testing.T) {
	for reason, content := range map[string]string{
		"field adress not found": strings.Replace(shipped(t), "address:", "adress:", 1),
		"unknown stage":          strings.Replace(shipped(t), "  link:", "  lnik:", 1),
		"defaults":               strings.Replace(shipped(t), "attempts: 20", "attempts: 0", 1),
		"queues":                 strings.Replace(shipped(t), "crosssum-gpu: crosssum-gpu", "crosssum-tpu: x", 1),
		"more than one":          shipped(t) + "\n---\naddress: other\n",
		"not auto, cpu or cuda":  strings.Replace(shipped(t), "device: auto", "device: tpu", 1),
		"not in 0..1024":         strings.Replace(shipped(t), "threads: 0", "threads: -1", 1),
	} {
		if _, err := config.Load(write(t, content), nil); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("wanted %q, got %v", reason, err)
		}
	}
	if _, err := config.Load("nowhere/temporal.yaml", nil); err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("got %v", err)
	}
	t.Setenv("CROSSSUM_THREADS", "many")
	if _, err := config.Load(write(t, shipped(t)), nil); err == nil || !strings.Contains(err.Error(), "CROSSSUM_THREADS") {
		t.Errorf("got %v", err)
	}
}
