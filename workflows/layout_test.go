package workflows_test

import (
	"testing"

	"crosssum/schemas"
	"crosssum/workflows"
)

func TestEveryWorkflowHasTheRowsThatItRunsAndEndsByLayingOutWhatItMade(t *testing.T) {
	for name, run := range map[string]any{schemas.PipelineWorkflow: workflows.Pipeline, schemas.BuildDatasetWorkflow: workflows.BuildDataset,
		schemas.TrainWorkflow: workflows.Train, schemas.CalibrateWorkflow: workflows.Calibrate} {
		b := newBoard()
		env := b.environment()
		env.ExecuteWorkflow(run, schemas.RawParams(`{"align": {"rule": "evidence"}}`))
		var result struct {
			Folder string                  `json:"folder"`
			Stages []schemas.StageProgress `json:"stages"`
		}
		if err := env.GetWorkflowResult(&result); err != nil || result.Folder != "runs/"+b.laidOut.Run {
			t.Errorf("%s: %v, %+v", name, err, result)
		}
		for _, row := range result.Stages {
			if _, laidOut := b.laidOut.Made[row.Stage]; row.State != "done" || laidOut != (schemas.AboutStage(row.Stage).Version > 0) {
				t.Errorf("%s: %s is %s; laid out were %v", name, row.Stage, row.State, b.laidOut.Made)
			}
		}
		if want := len(schemas.RowsOf(name)); len(result.Stages) != want || b.order[len(b.order)-1] != "lay_out" {
			t.Errorf("%s: %d rows, wanted %d; activities %v", name, len(result.Stages), want, b.order)
		}
	}
}
