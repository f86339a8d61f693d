package workflows_test

import (
	"strings"
	"testing"

	"crosssum/schemas"
	"crosssum/workflows"
)

func TestCalibrateMinesUpToTheNeighboursAndAsksForNoThreshold(t *testing.T) {
	b := newBoard()
	b.card = schemas.EncoderCard{Rule: "margin", Duplicate: 0.97} // not calibrated yet
	env := b.environment()
	env.ExecuteWorkflow(workflows.Calibrate, schemas.RawParams(`{"precision": 0.9, "align": {"rule": "agreement"}}`))
	var result schemas.CalibrateResult
	if err := env.GetWorkflowResult(&result); err != nil {
		t.Fatal(err)
	}
	done := strings.Join(b.computed, " ")
	if !strings.Contains(done, "neighbours u0") || !strings.Contains(done, "calibrate u0") || strings.Contains(done, "link") || strings.Contains(done, "split_dedup") {
		t.Errorf("computed %s", done)
	}
	for _, s := range result.Stages {
		if s.State != "done" {
			t.Errorf("%+v", s)
		}
	}
	if result.Table != "curve of index of calibrate" {
		t.Errorf("%+v", result)
	}
}

func TestCalibrateRefusesWhatItCannotLookFor(t *testing.T) {
	for raw, want := range map[string]string{
		`{"precision": 1.5}`:      "$.precision: 1.5 is not in",
		`{"gold": "../outside"}`:  "$.gold:",
		`{"precission": 0.9}`:     "$.precission: unknown field",
		`{"align": {"keep": -1}}`: "$.align.keep",
	} {
		env := newBoard().environment()
		env.ExecuteWorkflow(workflows.Calibrate, schemas.RawParams(raw))
		if err := env.GetWorkflowError(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
