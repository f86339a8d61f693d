package filetools

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crosssum/internal/testkit/smalldisk"
	"crosssum/schemas"
)

const summarizer = "../../../models/crosssum-small"

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestTheFileToolTakesAllBatchesIntoAFolderOfItsOwn has params that do not say how many steps.
func TestTheFileToolTakesAllBatchesIntoAFolderOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	in := func(name, content string) string {
		path := filepath.Join(dir, name)
		noError(t, os.WriteFile(path, []byte(content), 0o644))
		return path
	}
	batch := `[{"text": "the text 1", "summary": "a summary", "target_language": "english"}]` + "\n"
	args := func(output, params string) []string {
		return []string{"--model", summarizer, "--batches", filepath.Join(dir, "batches.jsonl"), "--params", in("params.json", params), "--output", output}
	}
	in("batches.jsonl", strings.Repeat(batch, 3)+"\n")
	output := filepath.Join(dir, "output")
	for range 2 { // the second time it has nothing left to do, and writes the same
		noError(t, trainModel(args(output, `{"micro_batch": 2}`)))
		if metrics, err := os.ReadFile(filepath.Join(output, "metrics.jsonl")); err != nil || bytes.Count(metrics, []byte("\n")) != 3 {
			t.Fatalf("%s, %v", metrics, err)
		}
	}
	if err := trainModel(append([]string{"stray"}, args(output, `{}`)...)); err == nil || !strings.Contains(err.Error(), `unexpected argument "stray"`) {
		t.Errorf("a stray argument: %v", err)
	}
	lock, err := alone(filepath.Join(output, "checkpoints")) // another process's, for all that a file knows of who opened it
	noError(t, err)
	if err := trainModel(args(output, `{"micro_batch": 2}`)); err == nil || !strings.Contains(err.Error(), "another ./crosssum train writes to "+output) {
		t.Errorf("two at once: %v", err)
	}
	noError(t, lock.Close())
	if card, err := os.ReadFile(filepath.Join(output, "README.md")); err != nil || !strings.Contains(string(card), "the batches of a file, in its order, source 512") {
		t.Errorf("%s, %v", card, err)
	}
	for _, c := range []struct{ output, params, want string }{
		{summarizer, `{}`, "holds a model already, and no checkpoints of this training: give another folder"},
		{in("file", ""), `{}`, "file is a file: give a folder"},
		{output, `{"micro_batch": 1}`, "is a checkpoint of another model"},
		{output, `{"train": {"steps": 3}}`, "params.json: $.train: the parameters of a training stand here by themselves: {\"steps\": 500}"},
		{output, `{"learning_rate_scale": "NaN"}`, `params.json: $.learning_rate_scale: wanted a number, got "NaN"`},
		{output, `{"steps": 3} {"steps": 4}`, "params.json: $: more follows the object"},
	} {
		if err := trainModel(args(c.output, c.params)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v does not say %q", c.params, err, c.want)
		}
	}
}

func TestTheFileToolTellsOfEveryStepAndOfLongReading(t *testing.T) {
	var out strings.Builder
	clock := time.Now()
	say := tell(&out, func() time.Time { return clock })
	for i := range 25 { // a second each
		clock = clock.Add(time.Second)
		say(schemas.Progress{Total: 2, Metrics: map[string]float64{"articles_read": float64(256 * (i + 1))}})
		say(schemas.Progress{Total: 2})
	}
	for _, step := range []int64{0, 0, 1, 1, 2} {
		say(schemas.Progress{Done: step, Total: 2, Metrics: map[string]float64{"loss": 2.5, "learning_rate": 0.1, "checkpoint": 1}})
	}
	want := "2560 texts read, 10 s\n5120 texts read, 20 s\nstep 0 of 2, 25 s\n" +
		"step 1 of 2, loss 2.5000, learning rate 0.1, checkpoint 1, 25 s\nstep 2 of 2, loss 2.5000, learning rate 0.1, checkpoint 1, 25 s\n"
	if out.String() != want {
		t.Errorf("told\n%s", out.String())
	}
}

func TestTheFileToolSaysWhatToDoAboutAFullDisk(t *testing.T) {
	disk := smalldisk.New(t, "1m")
	batches := filepath.Join(t.TempDir(), "batches.jsonl")
	noError(t, os.WriteFile(batches, []byte(`[{"text": "the text 1", "summary": "a summary", "target_language": "english"}]`), 0o644))
	disk.Fill(16 << 10)
	err := trainModel([]string{"--model", summarizer, "--batches", batches, "--output", filepath.Join(disk.Dir, "out")})
	if err == nil || !strings.Contains(err.Error(), "the disk is full: make room there") || strings.Contains(err.Error(), "\n") {
		t.Error(err)
	}
}
