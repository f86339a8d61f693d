package workflows_test

import (
	"slices"
	"strings"
	"testing"

	"crosssum/schemas"
	"crosssum/workflows"

	"go.temporal.io/sdk/workflow"
)

func TestOnlyTheRuleThatWeighsEvidenceGathersIt(t *testing.T) {
	for rule, wanted := range map[string]bool{"evidence": true, "margin": false, "agreement": false} {
		b := newBoard()
		env := b.environment()
		env.ExecuteWorkflow(workflows.BuildDataset, schemas.RawParams(`{"align": {"rule": "`+rule+`"}}`))
		var result schemas.PipelineResult
		if err := env.GetWorkflowResult(&result); err != nil {
			t.Fatal(err)
		}
		gathers := slices.ContainsFunc(b.computed, func(u string) bool { return strings.HasPrefix(u, "evidence ") || strings.HasPrefix(u, "lexicon ") })
		row := slices.ContainsFunc(result.Stages, func(s schemas.StageProgress) bool { return s.Stage == "evidence" })
		if gathers != wanted || row != wanted {
			t.Errorf("%s: gathered %v, a row of the table %v", rule, gathers, row)
		}
	}
}

func TestARunThatBeganBeforeTheRuleWasThereGoesOnWithAgreement(t *testing.T) {
	b := newBoard()
	env := b.environment()
	env.OnGetVersion("evidence", workflow.DefaultVersion, workflow.Version(1)).Return(workflow.DefaultVersion)
	env.ExecuteWorkflow(workflows.BuildDataset, schemas.RawParams(`{}`))
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if b.laidOut.Rule != "agreement" || b.laidOut.Threshold != 1.05 || strings.Contains(strings.Join(b.computed, " "), "evidence") {
		t.Errorf("rule %s at %v, computed %v", b.laidOut.Rule, b.laidOut.Threshold, b.computed)
	}
}
