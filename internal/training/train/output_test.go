package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/fault/crash"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/torch"
)

func TestATrainingKilledAmidItsOutputLeavesNoHalfOfAModelAndWritesItAgain(t *testing.T) {
	request := toy(t)
	want, _, _ := trainIn(t, request, t.TempDir())
	request.Work, request.Output = t.TempDir(), t.TempDir()
	raw, err := json.Marshal(request)
	must(t, err)
	for point, half := range map[string]string{"output-written": "[^.]*.*", "output-moved": configFile} {
		child := exec.Command(os.Args[0], "-test.run=^TestTrainChild$")
		child.Env = append(os.Environ(), childRequest+"="+string(raw), crash.Variable+"="+point+":1")
		if out, err := child.CombinedOutput(); err == nil || !strings.Contains(string(out), "ending here") {
			t.Fatalf("%s: the child ended with %v:\n%s", point, err, out)
		}
		if left, _ := filepath.Glob(filepath.Join(request.Output, half)); len(left) > 0 {
			t.Errorf("%s: half an output: %v", point, left)
		}
		must(t, os.RemoveAll(request.Output))
		must(t, os.Mkdir(request.Output, 0o755))
	}
	for range 2 { // over what is there
		_, err := Run(t.Context(), request, nil)
		must(t, err)
	}
	got, err := os.ReadFile(filepath.Join(request.Output, modelFile))
	if must(t, err); !bytes.Equal(got, want) {
		t.Error("another model")
	}
	if left, _ := filepath.Glob(filepath.Join(request.Output, atomicfile.Prefix+"*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestAVocabularyFarSmallerThanTheModelIsRemarkedOn(t *testing.T) {
	request := toy(t)
	request.Params.Steps = 1
	replace(t, request.Model, configFile, `"vocab_size": 80`, `"vocab_size": 2080`)
	config, err := t5.LoadConfig(request.Model)
	must(t, err)
	m, err := t5.New(config, 1)
	must(t, err)
	defer m.Free()
	must(t, os.Remove(filepath.Join(request.Model, modelFile)))
	must(t, m.Weights.SaveWeights(filepath.Join(request.Model, modelFile), false))
	_, _, result := trainIn(t, request, t.TempDir())
	if notes := strings.Join(result.Notes, "\n"); !strings.Contains(notes, "2080 rows and spiece.model 63 pieces: is it the vocabulary") {
		t.Errorf("notes %q", notes)
	}
}

func TestATrainingThatGoesOnWithOtherThreadsSaysFromWhichStep(t *testing.T) {
	request, threads := toy(t), torch.Threads()
	defer torch.SetThreads(max(threads, 1))
	work := t.TempDir()
	torch.SetThreads(1)
	stopAfter(t, request, work, 7)
	torch.SetThreads(2)
	_, _, result := trainIn(t, request, work)
	if result.ResumedFrom != 7 || result.NotReproducibleSince != 8 || !strings.Contains(strings.Join(result.Notes, "\n"), "2 threads") {
		t.Errorf("%+v", result)
	}
}

func TestATrainingThatReadsOrWritesFilesForLongIsNotSilent(t *testing.T) {
	beats := make(chan time.Time, writeBeats)
	failed := errors.New("the disk is gone")
	began := time.Now()
	err := busy(func() { beats <- time.Now() }, func() error {
		<-beats
		return failed
	})
	if err != failed || time.Since(began) > 5*writeBeat {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	time.Sleep(writeBeat + writeBeat/2)
	if len(beats) > 0 {
		t.Error("it goes on beating")
	}
}
