// Package config reads temporal.yaml: addresses, queues, folders, and the timeout and retry tables. One loader for every
// program; yaml < environment < flags.
package config

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"crosssum/schemas"

	"gopkg.in/yaml.v3"
)

// Config is temporal.yaml, with absolute paths and complete tables.
type Config struct {
	Address   string                   `yaml:"address"`
	Namespace string                   `yaml:"namespace"`
	UIPort    int                      `yaml:"ui_port"`
	Queues    map[schemas.Queue]string `yaml:"queues"`

	Store      string   `yaml:"store"`
	Runs       string   `yaml:"runs"`
	CrawlRoots []string `yaml:"crawl_roots"`
	ModelRoots []string `yaml:"model_roots"`
	LanguageID string   `yaml:"language_id"`

	Engine            string `yaml:"engine"`
	Threads           int    `yaml:"threads"`
	Device            string `yaml:"device"` // of training and generation: auto, cpu or cuda
	WorkerStopSeconds int    `yaml:"worker_stop_seconds"`
	EngineStopSeconds int    `yaml:"engine_stop_seconds"`
	HeartbeatThrottle int    `yaml:"heartbeat_throttle_seconds"`

	Defaults schemas.Policy            `yaml:"defaults"`
	Stages   map[string]schemas.Policy `yaml:"stages"`

	Folder string `yaml:"-"` // where temporal.yaml lies
}

// maxThreads bounds "one a processor": past it small matrices gain nothing.
const maxThreads = 16

// Root is the folder of the checkout: two above the program, build/bin/<name>; else the current folder or the next one above it
// that has a temporal.yaml.
func Root() string {
	has := func(folder string) bool {
		_, err := os.Stat(filepath.Join(folder, "temporal.yaml"))
		return err == nil
	}
	program, err := os.Executable()
	if folder := filepath.Dir(filepath.Dir(filepath.Dir(program))); err == nil && has(folder) {
		return folder
	}
	folder, err := os.Getwd()
	for ; err == nil && folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		if has(folder) {
			return folder
		}
	}
	return "."
}

// Load reads the file at path, lays the environment over it and then the flags that were given (nil: none).
func Load(path string, flags *Flags) (Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w (run in the project's folder, or give --config)", err)
	}
	c, err := parse(b)
	if err != nil {
		return Config{}, fmt.Errorf("configuration %s: %w", path, err)
	}
	for name, set := range c.settable() {
		if value, ok := os.LookupEnv("CROSSSUM_" + strings.ToUpper(name)); ok {
			if err := set(value); err != nil {
				return Config{}, fmt.Errorf("environment CROSSSUM_%s=%q: %w", strings.ToUpper(name), value, err)
			}
		}
	}
	if err := flags.apply(&c); err != nil {
		return Config{}, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return Config{}, err
	}
	return c.complete(folder)
}

func parse(b []byte) (Config, error) {
	var c Config
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, inYAMLsWords(err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return c, errors.New("holds more than one YAML document")
	}
	return c, nil
}

// settable are the keys that environment and flags may change, by their name in the file.
func (c *Config) settable() map[string]func(string) error {
	text := func(p *string) func(string) error { return func(v string) error { *p = v; return nil } }
	number := func(p *int) func(string) error {
		return func(v string) (err error) { *p, err = strconv.Atoi(v); return err }
	}
	list := func(p *[]string) func(string) error {
		return func(v string) error { *p = filepath.SplitList(v); return nil }
	}
	return map[string]func(string) error{
		"address": text(&c.Address), "namespace": text(&c.Namespace), "ui_port": number(&c.UIPort),
		"store": text(&c.Store), "runs": text(&c.Runs), "language_id": text(&c.LanguageID),
		"crawl_roots": list(&c.CrawlRoots), "model_roots": list(&c.ModelRoots),
		"engine": text(&c.Engine), "threads": number(&c.Threads), "device": text(&c.Device),
	}
}

// complete checks c, makes its paths absolute and fills the stage table from the defaults.
func (c Config) complete(folder string) (Config, error) {
	c.Folder = folder
	for _, required := range []struct{ name, value string }{{"address", c.Address}, {"namespace", c.Namespace},
		{"store", c.Store}, {"runs", c.Runs}, {"engine", c.Engine}} {
		if required.value == "" {
			return c, fmt.Errorf("configuration: %s is missing", required.name)
		}
	}
	if c.Threads < 0 || c.Threads > 1024 {
		return c, fmt.Errorf("configuration: threads %d is not in 0..1024", c.Threads)
	}
	if c.Threads == 0 {
		c.Threads = min(runtime.NumCPU(), maxThreads)
	}
	c.Device = cmp.Or(c.Device, "auto")
	if !slices.Contains([]string{"auto", "cpu", "cuda"}, c.Device) {
		return c, fmt.Errorf("configuration: device %q is not auto, cpu or cuda", c.Device)
	}
	for _, p := range []*string{&c.Store, &c.Runs, &c.LanguageID, &c.Engine} {
		*p = absolute(folder, *p)
	}
	for _, roots := range []*[]string{&c.CrawlRoots, &c.ModelRoots} {
		out := make([]string, len(*roots))
		for i, root := range *roots {
			out[i] = absolute(folder, root)
		}
		*roots = out
	}
	queues := map[schemas.Queue]string{}
	for _, q := range []schemas.Queue{schemas.QueueMain, schemas.QueueCPU, schemas.QueueGPU} {
		queues[q] = string(q)
	}
	for logical, name := range c.Queues {
		if _, ok := queues[logical]; !ok || name == "" {
			return c, fmt.Errorf("configuration: queues: %q: %q: the keys are crosssum, crosssum-cpu and crosssum-gpu", logical, name)
		}
		queues[logical] = name
	}
	c.Queues = queues
	return c.completeStages()
}

func (c Config) completeStages() (Config, error) {
	d := c.Defaults
	if d.HeartbeatSeconds < 1 || d.StartToCloseSeconds < 1 || d.ScheduleToCloseSeconds < 1 || d.InitialSeconds <= 0 ||
		d.BackoffCoefficient < 1 || d.MaximumSeconds <= 0 || d.Attempts < 1 || d.Parallel < 1 {
		return c, fmt.Errorf("configuration: defaults: every entry must be there and positive: %+v", d)
	}
	stages := map[string]schemas.Policy{}
	for _, name := range schemas.Policies() {
		stages[name] = merge(c.Stages[name], d)
		if h := stages[name].HangSteps; !(h == 0 || h >= 2 && h <= 1e6) {
			return c, fmt.Errorf("configuration: stages: %s: hang_steps %v is not 0 or 2 to 1,000,000 median steps", name, h)
		}
	}
	for name := range c.Stages {
		if _, ok := stages[name]; !ok {
			return c, fmt.Errorf("configuration: stages: unknown stage %q; the stages are %s", name, strings.Join(schemas.Policies(), ", "))
		}
	}
	c.Stages = stages
	return c, nil
}

// merge fills what p leaves at zero from the defaults d.
func merge(p, d schemas.Policy) schemas.Policy {
	fill(&p.HeartbeatSeconds, d.HeartbeatSeconds)
	fill(&p.StartToCloseSeconds, d.StartToCloseSeconds)
	fill(&p.ScheduleToCloseSeconds, d.ScheduleToCloseSeconds)
	fill(&p.Attempts, d.Attempts)
	fill(&p.Parallel, d.Parallel)
	fill(&p.InitialSeconds, d.InitialSeconds)
	fill(&p.BackoffCoefficient, d.BackoffCoefficient)
	fill(&p.MaximumSeconds, d.MaximumSeconds)
	return p
}

func fill[T int | float64](p *T, d T) {
	if *p <= 0 {
		*p = d
	}
}

func absolute(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// Queue is the task queue of a logical queue.
func (c Config) Queue(q schemas.Queue) string { return c.Queues[q] }

// EngineStop is how long the engine may take to stop on request.
func (c Config) EngineStop() time.Duration { return time.Duration(c.EngineStopSeconds) * time.Second }

// WorkerStop is how long a stopping worker waits for its activities.
func (c Config) WorkerStop() time.Duration { return time.Duration(c.WorkerStopSeconds) * time.Second }

// Flags are the command-line settings over a Config.
type Flags struct{ given map[string]string }

// IsSetting says whether a flag is one of AddFlags'.
func IsSetting(flag string) bool {
	_, ok := (&Config{}).settable()[strings.ReplaceAll(flag, "-", "_")]
	return ok
}

// AddFlags defines a flag for every settable key on set ("--model-roots" for model_roots). Pass the result to Load.
func AddFlags(set *flag.FlagSet) *Flags {
	f := &Flags{given: map[string]string{}}
	for name := range (&Config{}).settable() {
		set.Func(strings.ReplaceAll(name, "_", "-"), "overrides "+name+" of temporal.yaml", func(v string) error {
			f.given[name] = v
			return nil
		})
	}
	return f
}

func (f *Flags) apply(c *Config) error {
	if f == nil {
		return nil
	}
	set := c.settable()
	for name, value := range f.given {
		if err := set[name](value); err != nil {
			return fmt.Errorf("--%s %q: %w", strings.ReplaceAll(name, "_", "-"), value, err)
		}
	}
	return nil
}
