package activities

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"crosssum/schemas"

	"go.temporal.io/sdk/testsuite"
)

// layOut makes the folder of a run as the end of a workflow does.
func (sc *scene) layOut(in schemas.LayOutInput) schemas.LaidOut {
	sc.t.Helper()
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	registerOne(env, sc.Activities, schemas.LayOutActivity, sc.Activities.layOut)
	value, err := env.ExecuteActivity(schemas.LayOutActivity.Name, in)
	noError(sc.t, err)
	var laid schemas.LaidOut
	noError(sc.t, value.Get(&laid))
	return laid
}

// reported makes the report of a run and lays out its folder.
func (sc *scene) reported(in schemas.ReportInput) (laid schemas.LaidOut) {
	sc.t.Helper()
	ref := finish(sc.t, sc.Activities, define(schemas.Report, openReport), in)
	made := schemas.Refs{"report": ref}
	for name, ref := range in.Made {
		made[name] = ref
	}
	in.Made = made
	return sc.layOut(schemas.LayOutInput{ReportInput: in})
}

func (sc *scene) manifestOf(run string) (m Manifest) {
	sc.t.Helper()
	b, err := os.ReadFile(filepath.Join(sc.Runs, RunFolder(run), "manifest.json"))
	noError(sc.t, err)
	noError(sc.t, json.Unmarshal(b, &m))
	return m
}

func TestARunThatEndsWithTheDataSetHasAFolderToo(t *testing.T) {
	sc := newScene(t)
	in := sc.reportInput("built")
	in.Made = schemas.Refs{"ingest": sc.articles, "export": in.Made["export"]}
	for range 2 { // a retry replaces what it finds
		if laid := sc.layOut(schemas.LayOutInput{ReportInput: in}); laid.Folder != filepath.Join(sc.Runs, "built") || laid.Page != "" {
			t.Errorf("%+v", laid)
		}
	}
	if _, err := os.Stat(filepath.Join(sc.Runs, "built", "dataset", "french-english_test.jsonl")); err != nil {
		t.Error(err)
	}
	if m := sc.manifestOf("built"); m.Run != "built" || m.Stages["export"].Units == nil || m.Stages["train"].Units != nil || m.Versions["link"] != 3 {
		t.Errorf("manifest: %+v", m)
	}
}
