package activities

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/operation/config"
	"crosssum/schemas"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
)

// names remembers what is registered.
type names struct {
	worker.ActivityRegistry
	all []string
}

func (n *names) RegisterActivityWithOptions(_ any, options activity.RegisterOptions) {
	n.all = append(n.all, options.Name)
}

func TestWhatAWorkerRegistersIsWhatTheRegistryHasAndTemporalYAMLKnowsItsRows(t *testing.T) {
	registered := &names{}
	Register(registered, Config{})
	c, err := config.Load("../temporal.yaml", nil)
	noError(t, err)
	var declared []string
	rows := []string{schemas.PlanPolicy}
	for _, a := range schemas.Registry {
		declared, rows = append(declared, a.Name), append(rows, a.Policy)
		if a.Version > 0 {
			declared = append(declared, a.Name+".plan")
		}
	}
	slices.Sort(declared)
	slices.Sort(registered.all)
	if !slices.Equal(declared, registered.all) {
		t.Errorf("a worker has\n%v\nand the registry\n%v", registered.all, declared)
	}
	for _, row := range rows {
		if c.Stages[row].Attempts == 0 {
			t.Errorf("temporal.yaml's table has no row %q", row)
		}
	}
}

func TestAStageThatPublishesAFileThatNobodyDeclaredIsRefused(t *testing.T) {
	d := newDataset(t)
	articles, neighbours := d.inputs()
	a := &Activities{Config{Store: d.store}}
	undeclared := define(schemas.Link, openLink)
	undeclared.stage.Files = slices.DeleteFunc(slices.Clone(undeclared.stage.Files), func(f schemas.Published) bool { return f.Name == "pairs.arrow" })
	_, err := tryFinish(a, undeclared, schemas.LinkInput{Articles: articles, Neighbours: neighbours, Rule: "margin", Threshold: 1.05,
		DuplicateThreshold: 0.95, Neighbour: 3})
	if err == nil || !strings.Contains(err.Error(), "does not say what pairs.arrow holds of articles") {
		t.Error(err)
	}
}

func TestEveryStageSaysWhatItsFilesHoldByPatternsThatCanMatch(t *testing.T) {
	for _, s := range schemas.Registry {
		if (s.Version > 0) != (len(s.Files) > 0) {
			t.Errorf("%s: version %d, and files %v", s.Name, s.Version, s.Files)
		}
		for _, f := range s.Files {
			if _, err := filepath.Match(f.Name, ""); err != nil || !slices.Contains([]schemas.Holding{schemas.Nothing, schemas.IDs, schemas.Texts}, f.Holds) {
				t.Errorf("%s: %+v, %v", s.Name, f, err)
			}
		}
	}
	for file, want := range map[string]schemas.Holding{"english-hindi_test.jsonl": schemas.Texts, "parquet/train/english-hindi.parquet": schemas.Texts, "README.md": schemas.Nothing} {
		if holds, known := schemas.Export.Holds(file); !known || holds != want {
			t.Errorf("export %s: %q, %v", file, holds, known)
		}
	}
	if holds, _ := schemas.Train.Holds(schemas.TrainedOnFile); holds != schemas.IDs || schemas.Train.Most() != schemas.IDs || schemas.Score.Most() != schemas.Texts {
		t.Errorf("%s: %q", schemas.TrainedOnFile, holds)
	}
}
