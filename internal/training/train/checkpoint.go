package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/artifact/digest"
	"crosssum/internal/fault"
	"crosssum/internal/fault/crash"
)

// A checkpoint is a folder step-000020 of the work folder: model.safetensors (parameters), optimizer.safetensors and
// state.json. It is complete or absent: written beside its place, synced, then renamed; and its files are compared with
// the digests in state.json before it is used.
type checkpointState struct {
	reached
	Run   string            `json:"run"`   // digest of what is trained on what: another run's checkpoint is not taken
	Seed  uint64            `json:"seed"`  // sampler and masks are functions of it and the step
	Files map[string]string `json:"files"` // SHA-256 by file name

	Computed string `json:"computed,omitempty"` // where and how, as far as it may change the last bits; "" in older ones
}

const stateFile = "state.json"

// crashPoint ends the process at a named point when the environment says so: before, amid and after a checkpoint is written.
var crashPoint = crash.FromEnvironment()

func atPoint(name string) {
	if crashPoint != nil {
		crashPoint(name)
	}
}

func checkpointName(step int) string { return fmt.Sprintf("step-%06d", step) }

// saveCheckpoint lets write fill a folder, then publishes it as the checkpoint of state.Step.
func saveCheckpoint(work string, state checkpointState, write func(dir string) error) error {
	target := filepath.Join(work, checkpointName(state.Step))
	if _, err := os.Stat(target); err == nil { // a corrupt one that a resume passed over
		if err := os.RemoveAll(target); err != nil {
			return err
		}
	}
	err := atomicfile.Folder(target, func(dir string) error {
		atPoint("checkpoint-begun")
		if err := write(dir); err != nil {
			return err
		}
		atPoint("checkpoint-written")
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		state.Files = map[string]string{}
		for _, e := range entries {
			if state.Files[e.Name()], _, err = digest.File(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
		raw, err := json.MarshalIndent(state, "", "  ")
		if err != nil {
			return err
		}
		err = os.WriteFile(filepath.Join(dir, stateFile), append(raw, '\n'), 0o644)
		atPoint("before-checkpoint-rename")
		return err
	})
	if err == nil {
		atPoint("after-checkpoint-rename")
	}
	return err
}

// linked is the error of a checkpoint, or a folder of them, that is a link: old ones are removed, and what a link leads to may be
// anybody's.
func linked(path string) error {
	place, _ := os.Readlink(path)
	return invalid("%s is a link to %s: checkpoints lie in their folder itself: put the folder there, or give the place that the link leads to as "+
		"output folder", path, place)
}

// checkpointSteps lists the steps of the checkpoints in work, newest first.
func checkpointSteps(work string) ([]int, error) {
	entries, err := os.ReadDir(work)
	if err != nil {
		return nil, err
	}
	var steps []int
	for _, e := range entries {
		if name, ok := strings.CutPrefix(e.Name(), "step-"); ok && (e.IsDir() || e.Type() == fs.ModeSymlink) {
			if e.Type() == fs.ModeSymlink {
				return nil, linked(filepath.Join(work, e.Name()))
			}
			if step, err := strconv.Atoi(name); err == nil && checkpointName(step) == e.Name() {
				steps = append(steps, step)
			}
		}
	}
	sort.Sort(sort.Reverse(sort.IntSlice(steps)))
	return steps, nil
}

// verifyCheckpoint reads the state of a checkpoint and compares every file with its digest.
func verifyCheckpoint(dir, run string) (checkpointState, error) {
	var state checkpointState
	raw, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return state, err
	}
	if err := json.Unmarshal(raw, &state); err != nil {
		return state, fmt.Errorf("%s: %w", stateFile, err)
	}
	if checkpointName(state.Step) != filepath.Base(dir) {
		return state, fmt.Errorf("%s says step %d", stateFile, state.Step)
	}
	if run != "" && state.Run != run {
		return state, invalid("%s is a checkpoint of another model, vocabulary, data set or parameters: give those that it was made with, or another "+
			"output folder, or remove it", dir)
	}
	for _, name := range []string{modelFile, optimizerFile, configFile} {
		got, _, err := digest.File(filepath.Join(dir, name))
		if err != nil {
			return state, err
		}
		if got != state.Files[name] {
			return state, fmt.Errorf("%s does not have the digest that %s gives", name, stateFile)
		}
	}
	return state, nil
}

// newestCheckpoint finds where to go on: the newest checkpoint that verifies and for which usable says nil. passed names
// those it passed over, with the reason. dir is "" when there is none.
func newestCheckpoint(work, run string, usable func(checkpointState) error) (dir string, state checkpointState, passed []string, err error) {
	steps, err := checkpointSteps(work)
	if err != nil {
		return "", state, nil, err
	}
	for _, step := range steps {
		dir := filepath.Join(work, checkpointName(step))
		state, err := verifyCheckpoint(dir, run)
		if foreign := (*fault.Error)(nil); errors.As(err, &foreign) { // to train over it would end in its removal
			return "", state, nil, err
		}
		if err == nil {
			err = usable(state)
		}
		if err == nil {
			return dir, state, passed, nil
		}
		passed = append(passed, fmt.Sprintf("checkpoint %s passed over: %v", checkpointName(step), err))
	}
	return "", checkpointState{}, passed, nil
}

// keepNewest removes all but the newest n checkpoints and that of step best.
func keepNewest(work string, n, best int) error {
	steps, err := checkpointSteps(work)
	if err != nil {
		return err
	}
	for i, step := range steps {
		if i >= max(n, 1) && step != best {
			if err := os.RemoveAll(filepath.Join(work, checkpointName(step))); err != nil {
				return err
			}
		}
	}
	return nil
}

// NewestCheckpoint finds the newest good checkpoint of a work folder, whatever run it belongs to.
func NewestCheckpoint(work string) (dir string, step int, err error) {
	dir, state, passed, err := newestCheckpoint(work, "", func(checkpointState) error { return nil })
	if err == nil && dir == "" {
		err = fmt.Errorf("%s: no good checkpoint in it %v", work, passed)
	}
	return dir, state.Step, err
}
