package workflows_test

import (
	"testing"

	"crosssum/schemas"
	"crosssum/workflows"
)

func TestWhoeverAsksForADataSetIsToldItsFolder(t *testing.T) {
	for name, run := range map[string]any{"BuildDataset": workflows.BuildDataset, "Train": workflows.Train} {
		env := newBoard().environment()
		env.ExecuteWorkflow(run, schemas.RawParams(`{}`))
		var result schemas.PipelineResult
		if err := env.GetWorkflowResult(&result); err != nil || result.Folder == "" {
			t.Errorf("%s: %v, %+v", name, err, result)
		}
	}
}
