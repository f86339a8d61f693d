package activities

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"crosssum/schemas"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
)

func TestARunThatEndsWithTheDataSetHasAFolderToo(t *testing.T) {
	sc := newScene(t)
	made := sc.reportInput("built")
	made.Model, made.Generations, made.Scores = schemas.Ref{}, schemas.Ref{}, schemas.Ref{}
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(sc.outcome, activity.RegisterOptions{Name: schemas.OutcomeActivity})
	for range 2 { // a retry replaces what it finds
		value, err := env.ExecuteActivity(schemas.OutcomeActivity, schemas.OutcomeInput{Run: "built", Unreported: &made})
		if err != nil {
			t.Fatal(err)
		}
		var outcome schemas.Outcome
		if err := value.Get(&outcome); err != nil || outcome.Folder != filepath.Join(sc.Runs, "built") || outcome.Report != "" {
			t.Errorf("%+v, %v", outcome, err)
		}
	}
	if _, err := os.Stat(filepath.Join(sc.Runs, "built", "dataset", "french-english_test.jsonl")); err != nil {
		t.Error(err)
	}
	var m Manifest
	b, err := os.ReadFile(filepath.Join(sc.Runs, "built", "manifest.json"))
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil || m.Run != "built" || m.Stages["export"].Units == nil || m.Stages["train"].Units != nil {
		t.Errorf("manifest: %v %+v", err, m)
	}
}
