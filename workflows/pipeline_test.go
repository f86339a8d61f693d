package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crosssum/schemas"
	"crosssum/workflows"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
)

// board is a store of units without bytes: it shows what the workflow asks of activities, not what they compute. That is
// shown by internal/testkit/chain, with nothing made up.
type board struct {
	sync.Mutex
	units     int             // of every stage
	published map[string]bool // "<stage> <unit>"
	computed  []string
	broken    string // stage whose work fails
	forgetful string // stage whose work is never published
	another   int    // look-ups of the first stage after which a worker of other libraries computes
	card      schemas.EncoderCard
	found     []string // languages, by scan
	goldFault string   // what scan finds
	mini      int64    // mini-batch that train takes instead of the one asked for; 0: that
	laidOut   schemas.LayOutInput
	order     []string // of the activities that are no stage
}

// settings are those of a worker.
func (b *board) settings() schemas.Settings {
	policies := map[string]schemas.Policy{}
	for _, name := range schemas.Policies() {
		policies[name] = schemas.Policy{HeartbeatSeconds: 20, StartToCloseSeconds: 60, ScheduleToCloseSeconds: 600, InitialSeconds: 1,
			BackoffCoefficient: 2, MaximumSeconds: 30, Attempts: 3, Parallel: 2}
	}
	return schemas.Settings{Policies: policies, Card: b.card, Queues: map[schemas.Queue]string{
		schemas.QueueMain: "main", schemas.QueueCPU: "cpu", schemas.QueueGPU: "gpu"}}
}

func (b *board) environment() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(10 * time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: 10 * time.Minute}) // a busy machine is no deadlock
	workflows.Register(env)
	settings := b.settings()
	name := func(n string) activity.RegisterOptions { return activity.RegisterOptions{Name: n} }
	env.RegisterActivityWithOptions(func(context.Context, schemas.SettingsInput) (schemas.Settings, error) { return settings, nil }, name(schemas.SettingsActivity.Name))
	env.RegisterActivityWithOptions(func(context.Context, schemas.ScanInput) (schemas.Scanned, error) {
		return schemas.Scanned{Files: "f", Count: 1, GoldFault: b.goldFault, Languages: b.found}, nil
	}, name(schemas.ScanActivity.Name))
	env.RegisterActivityWithOptions(func(_ context.Context, in schemas.LayOutInput) (schemas.LaidOut, error) {
		b.laidOut, b.order = in, append(b.order, "lay_out")
		folder := "runs/" + in.Run
		if in.Catalogue != nil {
			folder += fmt.Sprint(" of entry ", in.Catalogue.Number)
		}
		return schemas.LaidOut{Folder: folder, Figures: map[string]float64{"rouge2": 1}}, nil
	}, name(schemas.LayOutActivity.Name))
	env.RegisterActivityWithOptions(func(_ context.Context, in schemas.CalibrationInput) (schemas.CalibrationText, error) {
		b.order = append(b.order, "calibration")
		return schemas.CalibrationText{Table: "curve of " + in.Calibration.Index}, nil
	}, name(schemas.CalibrationActivity.Name))
	stage(env, b, schemas.Ingest)
	stage(env, b, schemas.Identify)
	stage(env, b, schemas.Screen)
	stage(env, b, schemas.Embed)
	stage(env, b, schemas.Neighbours)
	stage(env, b, schemas.Lexicon)
	stage(env, b, schemas.Evidence)
	stage(env, b, schemas.Link)
	stage(env, b, schemas.Calibrate)
	stage(env, b, schemas.NearDuplicates)
	stage(env, b, schemas.SplitDedup)
	stage(env, b, schemas.Export)
	stage(env, b, schemas.Tokenize)
	stage(env, b, schemas.Train)
	stage(env, b, schemas.Generate)
	stage(env, b, schemas.Score)
	stage(env, b, schemas.Report)
	return env
}

func stage[In any](env *testsuite.TestWorkflowEnvironment, b *board, s schemas.Stage[In]) {
	env.RegisterActivityWithOptions(func(context.Context, In) (schemas.Planned, error) {
		b.Lock()
		defer b.Unlock()
		p := schemas.Planned{Total: b.units}
		for i := 0; i < b.units; i++ {
			if unit := fmt.Sprint("u", i); b.published[s.Name+" "+unit] {
				p.Reused++
			} else {
				p.Missing = append(p.Missing, []schemas.WorkUnit{{Name: unit, Key: "key of " + unit, Seconds: 1}})
			}
		}
		if p.Reused == p.Total {
			p.Ref = &schemas.Ref{Stage: s.Name, Index: "index of " + s.Name, Units: p.Total}
			if b.mini > 0 && s.Name == schemas.Train.Name {
				p.Ref.Counts = map[string]int64{schemas.MiniBatch: b.mini}
			}
		}
		return p, nil
	}, activity.RegisterOptions{Name: s.PlanName()})
	env.RegisterActivityWithOptions(func(_ context.Context, work schemas.Work[In]) (schemas.Done, error) {
		b.Lock()
		defer b.Unlock()
		if b.broken == s.Name {
			return schemas.Done{}, temporal.NewNonRetryableApplicationError("row 3 of x.jsonl", schemas.RejectBudget, nil)
		}
		if s.Name == schemas.Ingest.Name && b.another > 0 {
			b.another--
			return schemas.Done{Outdated: work.Units[0].Name}, nil
		}
		for _, unit := range work.Units {
			b.published[s.Name+" "+unit.Name] = b.forgetful != s.Name
			b.computed = append(b.computed, s.Name+" "+unit.Name)
		}
		return schemas.Done{Units: len(work.Units)}, nil
	}, activity.RegisterOptions{Name: s.Name})
}

var calibrated = schemas.EncoderCard{Rule: "margin", Neighbours: 4, Duplicate: 0.97,
	Thresholds: map[string]float64{"margin": 1.05, "agreement": 1.05, "evidence": 0.98},
	Evidence:   &schemas.EvidenceModel{Weights: map[string]float64{"margin": 30}, Cuts: []schemas.Cut{{Precision: 0.9, Probability: 0.4}, {Precision: 0.99, Probability: 0.8}}}}

func newBoard() *board {
	return &board{units: 3, published: map[string]bool{}, card: calibrated}
}

func TestEveryStageIsComputedInTheOrderTheDataTakes(t *testing.T) {
	b := newBoard()
	env := b.environment()
	env.ExecuteWorkflow(workflows.Pipeline, schemas.RawParams(`{}`))
	var result schemas.PipelineResult
	if err := env.GetWorkflowResult(&result); err != nil {
		t.Fatal(err)
	}
	if len(b.computed) != 48 || result.Figures["rouge2"] != 1 || result.Folder == "" {
		t.Errorf("%d units computed; result %+v", len(b.computed), result)
	}
	for _, s := range result.Stages {
		if s.State != "done" || s.UnitsDone != s.Units || s.Reused != 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestWhatIsPublishedIsNotComputedAgain(t *testing.T) {
	b := newBoard()
	for i := 0; i < 3; i++ {
		b.published[fmt.Sprint("embed u", i)] = true
	}
	b.published["ingest u1"] = true
	env := b.environment()
	env.ExecuteWorkflow(workflows.BuildDataset, schemas.RawParams(`{}`))
	var result schemas.PipelineResult
	if err := env.GetWorkflowResult(&result); err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(b.computed, " "); strings.Contains(all, "embed") || strings.Contains(all, "ingest u1") || strings.Contains(all, "train") {
		t.Errorf("computed %s", all)
	}
	if result.Stages[1].Reused != 1 || result.Stages[4].Reused != 3 {
		t.Errorf("%+v", result.Stages)
	}
}

func TestAFailedStageEndsTheRunAndNothingAfterItStarts(t *testing.T) {
	b := newBoard()
	b.broken = "ingest"
	env := b.environment()
	env.ExecuteWorkflow(workflows.Pipeline, schemas.RawParams(`{}`))
	var failure *temporal.ApplicationError
	if err := env.GetWorkflowError(); !errors.As(err, &failure) || failure.Type() != schemas.RejectBudget || !strings.Contains(err.Error(), "row 3 of x.jsonl") {
		t.Fatalf("got %v", env.GetWorkflowError())
	}
	if len(b.computed) > 0 {
		t.Errorf("computed %v", b.computed)
	}
	value, err := env.QueryWorkflow(schemas.ProgressQuery)
	var rows []schemas.StageProgress
	if err != nil || value.Get(&rows) != nil || rows[1].State != "failed" || rows[2].State != "waiting" {
		t.Errorf("progress %+v, %v", rows, err)
	}
}

func TestAStageThatNeverPublishesIsAnErrorAndNotALoop(t *testing.T) {
	b := newBoard()
	b.forgetful = "link"
	env := b.environment()
	env.ExecuteWorkflow(workflows.Pipeline, schemas.RawParams(`{}`))
	if err := env.GetWorkflowError(); err == nil || !strings.Contains(err.Error(), "do all workers share one store") {
		t.Errorf("got %v", err)
	}
}

func TestAWorkerThatIsAnotherThanAtTheLookUpIsLookedUpAgainAFewTimes(t *testing.T) {
	for times, ends := range map[int]bool{3: true, 1000: false} {
		b := newBoard()
		b.units, b.another = 1, times
		env := b.environment()
		env.ExecuteWorkflow(schemas.PipelineWorkflow, schemas.RawParams("{}"))
		err := env.GetWorkflowError()
		if ends != (err == nil) || !ends && !strings.Contains(err.Error(), "ingest u0: what it is computed from was another at each of 4 look-ups") {
			t.Errorf("another worker %d times: %v", times, err)
		}
	}
}

func TestWrongParametersEndTheRunBeforeItsFirstActivity(t *testing.T) {
	for raw, want := range map[string]string{
		`{"train": {"stepps": 1}}`:                       "$.train.stepps: unknown field",
		`{"align": {"rule": "seed"}}`:                    `$.align.threshold: the model card of "multilingual-e5-small" has no threshold for the rule "seed"`,
		`{"align": {"neighbours": 6}}`:                   "$.align.neighbours: the weights in the model card of \"multilingual-e5-small\" are for 4 neighbours, not 6",
		`{"align": {"rule": "margin", "neighbours": 6}}`: "$.align.threshold: the model card of \"multilingual-e5-small\" was calibrated with 4 neighbours",
		`{"align": {"threshold": 0.999}}`:                "precision 0.999 was not reached when the rule was calibrated, 0.99 was",
		`{"split": {"val_percent": 3}}`:                  "$.split: the three percentages sum to 93",
	} {
		b := newBoard()
		env := b.environment()
		env.ExecuteWorkflow(workflows.Pipeline, schemas.RawParams(raw))
		var failure *temporal.ApplicationError
		if err := env.GetWorkflowError(); !errors.As(err, &failure) || failure.Type() != schemas.InvalidInput || !failure.NonRetryable() ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: wanted %s, got %v", raw, want, env.GetWorkflowError())
		}
		if len(b.computed) > 0 {
			t.Errorf("%s: computed %v", raw, b.computed)
		}
	}
}

func TestAModelCardOutOfRangeEndsTheRunBeforeItsFirstStage(t *testing.T) {
	for want, card := range map[string]schemas.EncoderCard{
		"align.threshold: 105 is not in":           {Rule: "margin", Thresholds: map[string]float64{"evidence": 105}, Duplicate: 0.97, Evidence: calibrated.Evidence},
		"evidence.weights: \"luck\" is not one of": {Rule: "margin", Duplicate: 0.97, Evidence: &schemas.EvidenceModel{Weights: map[string]float64{"luck": 1}}},
		"has no weights for the rule":              {Rule: "margin", Thresholds: map[string]float64{"evidence": 0.9}, Duplicate: 0.97},
		"align.duplicate_threshold: 97 is not in":  {Rule: "margin", Thresholds: calibrated.Thresholds, Duplicate: 97, Evidence: calibrated.Evidence},
	} {
		b := newBoard()
		b.card = card
		env := b.environment()
		env.ExecuteWorkflow(workflows.Pipeline, schemas.RawParams(`{}`))
		if err := env.GetWorkflowError(); err == nil || !strings.Contains(err.Error(), want) || len(b.computed) > 0 {
			t.Errorf("wanted %s, got %v, and computed %v", want, err, b.computed)
		}
	}
}

func TestAThresholdThatIsNotTheEncodersOwnIsWarnedOf(t *testing.T) {
	for raw, want := range map[string]string{
		`{}`:                             "",
		`{"align": {"threshold": 0.95}}`: "", // a wanted precision is nobody's calibration
		`{"align": {"rule": "agreement", "threshold": 1.05}}`:  "",
		`{"align": {"rule": "agreement", "threshold": 0.735}}`: `$.align.threshold is 0.735, and the one calibrated for "multilingual-e5-small" is 1.05`,
		`{"align": {"rule": "seed", "threshold": 0.735}}`:      `$.align.threshold is 0.735, and the model card of "multilingual-e5-small" has none`,
		`{"align": {"duplicate_threshold": 0.95}}`:             `$.align.duplicate_threshold is 0.95, and the one calibrated for "multilingual-e5-small" is 0.97`,
	} {
		env := newBoard().environment()
		env.ExecuteWorkflow(workflows.BuildDataset, schemas.RawParams(raw))
		var result schemas.PipelineResult
		if err := env.GetWorkflowResult(&result); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(result.Warnings, "\n"); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: warned %q, want %q", raw, got, want)
		}
	}
}

func TestASmallerMiniBatchThanWasAskedForIsToldInResultAndReport(t *testing.T) {
	for raw, want := range map[string]string{"{}": "train.mini_batch is 4 in place of 32", `{"preset": "paper", "crawl": "c"}`: "is 4 in place of 32",
		`{"train": {"mini_batch": 8}}`: "is 4 in place of 8", `{"train": {"mini_batch": 4}}`: ""} {
		b := newBoard()
		b.card.Thresholds = map[string]float64{"agreement": 1.05, "induced": 0.7}
		if want != "" {
			b.mini = 4
		}
		env := b.environment()
		env.ExecuteWorkflow(workflows.Pipeline, schemas.RawParams(raw))
		var result schemas.PipelineResult
		if err := env.GetWorkflowResult(&result); err != nil {
			t.Fatal(err)
		}
		told := strings.Join(result.Warnings, "\n")
		if !strings.Contains(told, want) || want == "" && told != "" || want != "" && !slices.Equal(b.laidOut.Warnings, result.Warnings) {
			t.Errorf("%s: %q, laid out %q", raw, told, b.laidOut.Warnings)
		}
	}
}

func TestABadGoldIsAWarningAndTheRunGoesOn(t *testing.T) {
	b := newBoard()
	b.goldFault = "gold of crawl c: gold/c.tsv.gz is not a regular file"
	env := b.environment()
	env.ExecuteWorkflow(workflows.Pipeline, schemas.RawParams(`{}`))
	var result schemas.PipelineResult
	if err := env.GetWorkflowResult(&result); err != nil || len(result.Warnings) != 1 || !strings.Contains(result.Warnings[0], b.goldFault) {
		t.Errorf("%q, %v", result.Warnings, err)
	}
}

func TestTheLanguagesOfARunAreThoseThatScanFound(t *testing.T) {
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("language_%03d", i))
	}
	for _, c := range []struct {
		asked string
		found []string
		want  string
	}{
		{`{}`, []string{"danish", "english", "hindi"}, "danish english hindi"},
		{`{"languages": []}`, []string{"danish"}, "danish"},
		{`{"languages": ["hindi", "english"]}`, []string{"english", "hindi"}, "hindi english"},
		{`{}`, many, "language_000 language_001"},
	} {
		b := newBoard()
		b.found = c.found
		env := b.environment()
		var last []string
		env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
			if l, ok := args.Get(0).(temporal.SearchAttributes).GetKeywordList(temporal.NewSearchAttributeKeyKeywordList(schemas.AttributeLanguages)); ok {
				last = l
			}
		}).Return(nil)
		env.ExecuteWorkflow(workflows.BuildDataset, schemas.RawParams(c.asked))
		if err := env.GetWorkflowError(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(last, " "); !strings.HasPrefix(got, c.want) || len(c.found) < 9 && got != c.want || len(got) > 1600 || len(c.found) > 9 && !strings.HasSuffix(got, fmt.Sprint("and ", 300-len(last)+1, " more")) {
			t.Errorf("%s of %d: %s", c.asked, len(c.found), got)
		}
	}
}

func TestAFailureSaysItsReasonFirstAndOnce(t *testing.T) {
	for _, c := range []struct{ broken, raw, want string }{
		{"ingest", `{}`, "ingest: row 3 of x.jsonl"},
		{"train", `{}`, "train: row 3 of x.jsonl"},
		{"report", `{}`, "report: row 3 of x.jsonl"},
		{"", `{"train": {"stepz": 1}}`, "$.train.stepz: unknown field"},
	} {
		b := newBoard()
		b.broken = c.broken
		env := b.environment()
		env.ExecuteWorkflow(workflows.Pipeline, schemas.RawParams(c.raw))
		err := env.GetWorkflowError()
		var failure *temporal.ApplicationError
		var activityError *temporal.ActivityError
		if !errors.As(err, &failure) || !strings.HasPrefix(failure.Message(), c.want) || failure.Unwrap() != nil || errors.As(err, &activityError) || failure.Type() == "" {
			t.Errorf("%s: %v", c.broken, err)
		}
		var in schemas.FailedIn
		if c.broken != "" && (failure.Details(&in) != nil || in.Activity != c.broken) {
			t.Errorf("%s: the details name %q", c.broken, in.Activity)
		}
	}
}
