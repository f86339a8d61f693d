package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"crosssum/internal/cli"
	"crosssum/internal/engine"
	"crosssum/schemas"

	"golang.org/x/sys/unix"
)

// doctor says what the machine has and what of it is slow or missing.
func doctor(ctx context.Context, args []string) error {
	set := flags("doctor", "doctor [--model DIR]", "Says what this machine has: processors and their instruction sets, memory, disk, BLAS, libraries, builds and models;\n"+
		"and warns of what makes runs slow or stops them. With --model: whether a directory is an encoder or a summarizer that can be used, and nothing else.",
		"./crosssum doctor --model models/crosssum-small")
	directory := set.String("model", "", "a Hugging Face directory to look at")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	if *directory != "" {
		found, err := h.model(ctx, *directory)
		for _, text := range append(found.Says, found.Remarks...) {
			fmt.Println(text)
		}
		return err
	}
	var warnings []string
	warn := func(format string, a ...any) { warnings = append(warnings, fmt.Sprintf(format, a...)) }
	line := func(name, format string, a ...any) { fmt.Printf("%-16s %s\n", name, fmt.Sprintf(format, a...)) }

	model, features := processor()
	line("processor", "%s, %d cores", model, runtime.NumCPU())
	line("instructions", "%s", strings.Join(features, " "))
	if !slices.Contains(features, "avx2") {
		warn("the processor has no AVX2: `numerics: portable` pins AVX2 and will not run")
	}
	if !slices.Contains(features, "avx512_bf16") && !slices.Contains(features, "amx_bf16") {
		line("bf16", "emulated here (10 to 30 times slower than fp32): not used")
	} else {
		line("bf16", "native: used under `numerics: native`")
	}
	if exists(h.config.Engine) {
		h.device(ctx, line, warn)
	}
	memory := meminfo("MemTotal")
	line("memory", "%.1f GB, %.1f GB available", gigabytes(memory), gigabytes(meminfo("MemAvailable")))
	if memory < 4<<30 {
		warn("set-up and demo take some 2 GB of memory beside what else runs; this machine has %.1f GB in all", gigabytes(memory))
	}
	var disk unix.Statfs_t
	if unix.Statfs(h.config.Folder, &disk) == nil {
		free := int64(disk.Bavail) * disk.Bsize
		line("disk", "%.1f GB free at %s", gigabytes(free), h.config.Folder)
		if free < 5<<30 {
			warn("set-up and demo want about 5 GB of disk; %.1f GB are free", gigabytes(free))
		}
	}
	if blas, err := filepath.EvalSymlinks("/etc/alternatives/libblas.so.3-x86_64-linux-gnu"); err == nil {
		line("BLAS", "%s", blas)
		if !strings.Contains(blas, "openblas") && !strings.Contains(blas, "mkl") {
			warn("BLAS is %s, many times slower than OpenBLAS: update-alternatives --config libblas.so.3-x86_64-linux-gnu", blas)
		}
	} else {
		warn("no BLAS library is installed: ./crosssum setup installs OpenBLAS")
	}
	for _, p := range []string{"libtorch-dev", "libgloo-dev", "libfaiss-dev", "libfasttext-dev", "libsentencepiece-dev", "libopenblas-dev"} {
		if v := packageVersion(ctx, p); v != "" {
			line(strings.TrimSuffix(p, "-dev"), "%s", v)
		} else {
			warn("%s is not installed: ./crosssum setup installs it", p)
		}
	}
	if dir := os.Getenv("LIBTORCH"); dir != "" {
		line("LIBTORCH", "%s (instead of Debian's)", dir)
	}
	for _, name := range []string{"temporal", "worker", "engine"} {
		if !exists(h.program(name)) {
			warn("build/bin/%s is not built: ./crosssum setup builds it", name)
		}
	}
	demo := schemas.Demo()
	have := models(h.config.ModelRoots)
	line("models", "%s", strings.Join(have, " "))
	for _, name := range []string{demo.Encoder.Name, demo.Summarizer} {
		if !slices.Contains(have, name) {
			warn("the model %s is not in %s: ./crosssum setup makes it", name, strings.Join(h.config.ModelRoots, " or "))
		}
	}
	line("go", "%s", runtime.Version())
	for _, w := range warnings {
		fmt.Println("warning:", w)
	}
	if len(warnings) == 0 {
		fmt.Println("Nothing to complain about.")
	}
	return nil
}

// device says where the engine would train and generate.
func (h *house) device(ctx context.Context, line func(name, format string, a ...any), warn func(format string, a ...any)) {
	native := engine.New(engine.Options{Program: h.config.Engine, Threads: 1, Device: h.config.Device})
	defer native.Close()
	profile, err := native.Profile(ctx, "native")
	if err != nil {
		warn("the engine does not say what it is: %v", err)
		return
	}
	line("device", "%s for training and generation under `numerics: native` (device: %s); cpu for all else", profile.Device, h.config.Device)
	if h.config.Device == "cuda" && profile.Device == "cpu" {
		warn("device is cuda, and libtorch %s can use no GPU here: no training will begin", profile.Libtorch)
	}
}

// models are the names of the model directories under the roots, those of one name once.
func models(roots []string) []string {
	var found []string
	for _, root := range roots {
		for _, file := range []string{"config.json", "modules.json"} {
			paths, _ := filepath.Glob(filepath.Join(root, "*", file))
			for _, path := range paths {
				found = append(found, filepath.Base(filepath.Dir(path)))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// processor is the model's name and those of its features that matter to native code.
func processor() (model string, features []string) {
	model = "unknown"
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return model, nil
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		switch strings.TrimSpace(name) {
		case "model name":
			model = strings.TrimSpace(value)
		case "flags":
			has := strings.Fields(value)
			for _, f := range []string{"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16"} {
				if slices.Contains(has, f) {
					features = append(features, f)
				}
			}
			return model, features
		}
	}
	return model, features
}

// meminfo is a field of /proc/meminfo in bytes; 0 if it cannot be read.
func meminfo(field string) int64 {
	b, _ := os.ReadFile("/proc/meminfo")
	for _, l := range strings.Split(string(b), "\n") {
		var kilobytes int64
		if name, rest, ok := strings.Cut(l, ":"); ok && name == field {
			fmt.Sscanf(strings.TrimSpace(rest), "%d kB", &kilobytes)
			return kilobytes << 10
		}
	}
	return 0
}

// packageVersion is the version of an installed Debian package, "" when it is not installed.
func packageVersion(ctx context.Context, name string) string {
	out, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", name).Output()
	version, installed := strings.CutPrefix(string(out), "installed ")
	if err != nil || !installed {
		return ""
	}
	return version
}

// version prints what the program was built from.
func version(ctx context.Context, args []string) error {
	set := flags("version", "version", "Prints the versions of this program, of Go, and of the libraries that decide how it talks to others.", "./crosssum version")
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	fmt.Println("crosssum", schemas.Version+", built with", runtime.Version())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			switch m.Path {
			case "go.temporal.io/sdk", "go.temporal.io/api", "github.com/apache/arrow/go/v17":
				fmt.Println(m.Path, m.Version)
			}
		}
		fmt.Println("workflow type", schemas.PipelineWorkflow)
	}
	return nil
}

func gigabytes(bytes int64) float64 { return float64(bytes) / (1 << 30) }
