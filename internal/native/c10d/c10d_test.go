package c10d

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"crosssum/internal/native/torch"
)

// TestMain is also the other process: it joins, then forms one sum for each line it reads, and says what became of it.
func TestMain(m *testing.M) {
	if rank := os.Getenv("C10D_TEST_RANK"); rank != "" {
		r, _ := strconv.Atoi(rank)
		if err := peer(r); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func peer(rank int) error {
	fmt.Println("ready")
	g, err := Join(options(os.Getenv("C10D_TEST_FILE"), rank, time.Minute), nil)
	if err != nil {
		return err
	}
	fmt.Println("joined")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		values, err := sums(g, rank, nil)
		if err != nil {
			return err
		}
		fmt.Println(values)
	}
	return g.Leave()
}

func options(file string, rank int, timeout time.Duration) Options {
	return Options{File: file, Rank: rank, Size: 2, Device: -1, Timeout: timeout}
}

// sums adds many small tensors, a large one, a transposed one and one of float64 over the ranks and describes the results.
func sums(g *Group, rank int, alive func() error) (text string, err error) {
	err = torch.Do(func() {
		x := float64(rank + 1) // 1 + 2 = 3
		var list []torch.Tensor
		for i := range 50 {
			list = append(list, torch.Full(float64(i)*x, torch.Float32, i))
		}
		large := torch.Full(0.5*x, torch.Float32, 700, 700)
		matrix := torch.FromFloat32s([]float32{float32(x), 2, 3, 4, 5, 6}, 2, 3).Transpose(0, 1)
		double := torch.FromBytes([]byte{0, 0, 0, 0, 0, 0, 240, 63}, torch.Float64, 1) // 1
		g.Sum(alive, append(list, large, matrix, double)...)
		small := 0.0
		for _, t := range list {
			for _, v := range t.Float64s() {
				small += v
			}
		}
		values := large.Float32s()
		text = fmt.Sprint(small, values[0], values[len(values)-1], matrix.Float32s(), double.Item())
	})
	return text, err
}

// start begins the other process and joins it.
func start(t *testing.T, timeout time.Duration) (g *Group, other *exec.Cmd, in io.Writer, out *bufio.Reader) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "meeting")
	other = exec.Command(os.Args[0])
	other.Env = append(os.Environ(), "C10D_TEST_RANK=1", "C10D_TEST_FILE="+file)
	other.Stderr = os.Stderr
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		other.Process.Kill()
		other.Wait()
		if g != nil {
			g.Leave()
		}
	})
	out = bufio.NewReader(pipe)
	for _, want := range []string{"ready\n", "joined\n"} {
		if line, _ := out.ReadString('\n'); line != want {
			t.Fatalf("the other rank said %q", line)
		}
		if g == nil {
			if g, err = Join(options(file, 0, timeout), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	return g, other, in, out
}

func TestTwoProcessesHoldTheSameSums(t *testing.T) {
	g, _, in, out := start(t, time.Minute)
	sum := 0
	for i := range 50 {
		sum += 3 * i * i
	}
	want := fmt.Sprint(float64(sum), float32(1.5), float32(1.5), []float32{3, 8, 4, 10, 6, 12}, 2.0)
	for range 3 {
		fmt.Fprintln(in)
		got, err := sums(g, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		theirs, _ := out.ReadString('\n')
		if got != want || strings.TrimSpace(theirs) != want {
			t.Fatalf("%s here and %s there, want %s", got, theirs, want)
		}
	}
}

func TestADeadPeerIsAnErrorAtOnce(t *testing.T) {
	g, other, _, _ := start(t, time.Minute)
	other.Process.Signal(syscall.SIGKILL)
	began := time.Now()
	_, err := sums(g, 0, nil)
	if took := time.Since(began); err == nil || took > 30*time.Second { // the others would wait for a minute
		t.Fatalf("%v after %s", err, took)
	}
	t.Log(err)
}

func TestASilentPeerIsAnErrorWithinTheTimeout(t *testing.T) {
	g, other, _, _ := start(t, 3*time.Second)
	other.Process.Signal(syscall.SIGSTOP)
	began := time.Now()
	_, err := sums(g, 0, nil)
	if took := time.Since(began); err == nil || took < time.Second || took > 50*time.Second {
		t.Fatalf("%v after %s", err, took)
	}
	t.Log(err)
}

func TestWaitingEndsWhenTheCallerGivesUp(t *testing.T) {
	g, other, _, _ := start(t, time.Minute)
	other.Process.Signal(syscall.SIGSTOP)
	lost, asked := errors.New("lost"), 0
	_, err := sums(g, 0, func() error {
		if asked++; asked < 3 {
			return nil
		}
		return lost
	})
	if !errors.Is(err, lost) {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := Join(options(filepath.Join(t.TempDir(), "nobody"), 0, time.Minute), func() error { return lost }); !errors.Is(err, lost) {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 30*time.Second { // of a minute
		t.Errorf("gave up a meeting that nobody came to after %s", took)
	}
}
