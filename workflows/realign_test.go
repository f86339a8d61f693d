package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crosssum/schemas"
	"crosssum/workflows"

	"go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// ledger stands in for the activities that read and write one: entries are the names of crawls.
type ledger struct {
	*board
	folder  []string // crawls, in name order
	entries []string
	refused []schemas.RefusedCrawl
	passed  schemas.PassedOver
	rival   string // a crawl that another run takes just before this run's first one
	asked   []schemas.WaitingInput
}

func (l *ledger) environment() *testsuite.TestWorkflowEnvironment {
	env := l.board.environment()
	stage(env, l.board, schemas.Merge)
	name := func(n string) activity.RegisterOptions { return activity.RegisterOptions{Name: n} }
	env.RegisterActivityWithOptions(func(_ context.Context, in schemas.WaitingInput) (schemas.Waiting, error) {
		l.asked = append(l.asked, in)
		w := schemas.Waiting{Newest: l.newest(), Encoder: "e", Refused: l.refused, PassedOver: l.passed}
		for _, crawl := range l.folder {
			if !slices.Contains(l.entries, crawl) && !slices.Contains(in.Known, "digest of "+crawl) {
				w.Crawls = append(w.Crawls, schemas.Scanned{Crawl: crawl, Digest: "digest of " + crawl, Mode: "delta"})
			}
		}
		return w, nil
	}, name(schemas.WaitingActivity.Name))
	env.RegisterActivityWithOptions(func(_ context.Context, in schemas.TakeInput) (schemas.Took, error) {
		if l.rival != "" {
			l.entries, l.rival = append(l.entries, l.rival), ""
		}
		mine := in.Entry.Number == len(l.entries)+1
		if mine {
			l.entries = append(l.entries, in.Entry.Crawl)
		}
		return schemas.Took{Newest: *l.newest(), Mine: mine}, nil
	}, name(schemas.TakeActivity.Name))
	return env
}

func (l *ledger) newest() *schemas.Entry {
	if len(l.entries) == 0 {
		return nil
	}
	var p schemas.RealignParams
	p.Align.Threshold = new(float64)
	return &schemas.Entry{Catalogue: schemas.Catalogue{Number: len(l.entries), Crawl: l.entries[len(l.entries)-1], Params: p},
		Object: fmt.Sprint("entry ", len(l.entries))}
}

func newLedger(folder ...string) *ledger { return &ledger{board: newBoard(), folder: folder} }

// realign runs the workflow to its end.
func (l *ledger) realign(t *testing.T, raw string) schemas.RealignResult {
	t.Helper()
	env := l.environment()
	env.ExecuteWorkflow(workflows.Realign, schemas.RawParams(raw), nil)
	var result schemas.RealignResult
	if err := env.GetWorkflowResult(&result); err != nil {
		t.Fatal(err)
	}
	return result
}

func taken(r schemas.RealignResult) string {
	var crawls []string
	for _, c := range r.Taken {
		crawls = append(crawls, fmt.Sprint(c.Number, " ", c.Crawl))
	}
	return strings.Join(crawls, ", ")
}

func TestRealignWarnsOfAThresholdThatIsNotTheEncodersOwn(t *testing.T) {
	if w := newLedger("w1").realign(t, `{"align": {"rule": "agreement", "threshold": 0.7437}}`).Warnings; len(w) != 1 || !strings.Contains(w[0], "0.7437") {
		t.Errorf("warned %q", w)
	}
	if w := newLedger("w1").realign(t, `{}`).Warnings; len(w) != 0 {
		t.Errorf("warned %q of the card's own threshold", w)
	}
}

func TestCrawlsAreTakenOneByOneInNameOrder(t *testing.T) {
	l := newLedger("w1", "w2", "w3")
	result := l.realign(t, `{}`)
	if taken(result) != "1 w1, 2 w2, 3 w3" || result.Number != 3 || result.Entry != "entry 3" || !strings.Contains(result.Folder, "entry 3") {
		t.Errorf("%+v", result)
	}
	if len(result.Stages) != 13 || result.Stages[0].Stage != "ingest" || result.Stages[0].Units != 9 {
		t.Errorf("stages of three crawls: %+v", result.Stages)
	}
	if again := l.realign(t, `{}`); taken(again) != "" || again.Number != 3 || again.Folder == "" {
		t.Errorf("nothing waits: %+v", again)
	}
}

func TestWhatAnotherRunTookMeanwhileIsNotTakenTwice(t *testing.T) {
	l := newLedger("w1", "w2")
	l.rival = "w1"
	if result := l.realign(t, `{}`); taken(result) != "2 w2" || strings.Join(l.entries, " ") != "w1 w2" {
		t.Errorf("%+v; ledger %v", result, l.entries)
	}
	l = newLedger("w1", "w2")
	l.rival = "w0"
	if result := l.realign(t, `{}`); taken(result) != "2 w1, 3 w2" || strings.Join(l.entries, " ") != "w0 w1 w2" {
		t.Errorf("%+v; ledger %v", result, l.entries)
	}
}

func TestACrawlThatCannotBeTakenHoldsUpNoOther(t *testing.T) {
	l := newLedger("w1")
	l.refused = []schemas.RefusedCrawl{{Crawl: "w0", Reason: "crawl.json: another mode"}}
	env := l.environment()
	env.ExecuteWorkflow(workflows.Realign, schemas.RawParams(`{}`), nil)
	var failure *temporal.ApplicationError
	if err := env.GetWorkflowError(); !errors.As(err, &failure) || failure.Type() != schemas.InvalidInput ||
		!strings.Contains(err.Error(), "w0: crawl.json: another mode") {
		t.Fatalf("got %v", err)
	}
	var result schemas.RealignResult
	if err := failure.Details(&result); err != nil || taken(result) != "1 w1" || result.Folder == "" {
		t.Errorf("%+v, %v", result, err)
	}

	l = newLedger("w1", "w2")
	l.broken = "ingest"
	env = l.environment()
	env.ExecuteWorkflow(workflows.Realign, schemas.RawParams(`{}`), nil)
	if err := env.GetWorkflowError(); err == nil || !strings.Contains(err.Error(), "w1: row 3 of x.jsonl; w2: row 3 of x.jsonl") {
		t.Errorf("got %v", err)
	}
}

func TestAFailureThatIsNoCrawlsFaultEndsTheRun(t *testing.T) {
	l := newLedger("w1", "w2")
	l.broken = "link"
	env := l.environment()
	env.ExecuteWorkflow(workflows.Realign, schemas.RawParams(`{}`), nil)
	if err := env.GetWorkflowError(); err == nil || len(l.entries) > 0 {
		t.Errorf("got %v; ledger %v", err, l.entries)
	}
}

func TestALongHistoryContinuesAsANewRunThatKnowsWhatWasTaken(t *testing.T) {
	l := newLedger("w1", "w2")
	env := l.environment()
	env.SetContinueAsNewSuggested(true)
	env.ExecuteWorkflow(workflows.Realign, schemas.RawParams(`{"catalogue": "news"}`), nil)
	var again *workflow.ContinueAsNewError
	if err := env.GetWorkflowError(); !errors.As(err, &again) || strings.Join(l.entries, " ") != "w1" {
		t.Fatalf("got %v; ledger %v", err, l.entries)
	}
	before := &schemas.RealignResult{Taken: []schemas.TakenCrawl{{Number: 1, Crawl: "w1", Digest: "digest of w1"}}}
	env = l.environment()
	env.ExecuteWorkflow(workflows.Realign, schemas.RawParams(`{"catalogue": "news"}`), before)
	var result schemas.RealignResult
	if err := env.GetWorkflowResult(&result); err != nil || taken(result) != "1 w1, 2 w2" {
		t.Errorf("%+v, %v", result, err)
	}
	if known := l.asked[len(l.asked)-1].Known; !slices.Contains(known, "digest of w1") {
		t.Errorf("the new run knows %v", known)
	}
}

func TestTheProgressOfARealignmentNamesItsCrawl(t *testing.T) {
	l := newLedger("w1", "w2")
	env := l.environment()
	env.ExecuteWorkflow(workflows.Realign, schemas.RawParams(`{"languages": ["hindi"]}`), nil)
	value, err := env.QueryWorkflow(schemas.ProgressQuery)
	var rows []schemas.StageProgress
	if err != nil || value.Get(&rows) != nil || len(l.asked) == 0 || rows[0].Stage != "waiting" || rows[0].UnitsDone != 2 || rows[3].Crawl != "w2" || rows[3].State != "done" {
		t.Fatalf("%+v, %v; %v", rows, err, env.GetWorkflowError())
	}
	if in := l.asked[0].Params; *in.Align.Threshold != 0.98 || in.Catalogue != "main" || in.Languages[0] != "hindi" {
		t.Errorf("parameters of the ledger: %+v", in)
	}
}

func TestARunThatTakesNothingSaysWhatItPassedOverAndWhy(t *testing.T) {
	for _, crawls := range [][]string{nil, {"w1"}} {
		l := newLedger(crawls...)
		l.passed = schemas.PassedOver{Passed: []schemas.PassedCrawl{{Crawl: "2026-12", Reason: "no crawl.json in it"}}, PassedCount: 23, Before: 4}
		env := l.environment()
		env.ExecuteWorkflow(workflows.Realign, schemas.RawParams(`{}`), nil)
		var result schemas.RealignResult
		if err := env.GetWorkflowResult(&result); err != nil || len(result.Passed) != 1 || result.PassedCount != 23 || result.Before != 4 || len(result.Taken) != len(crawls) {
			t.Fatalf("%+v, %v", result, err)
		}
		for _, want := range []string{"- passed over: 2026-12: no crawl.json in it\n", "- passed over: 22 more\n"} {
			if page := page(t, env); !strings.Contains(page, want) {
				t.Errorf("the run's page lacks %q:\n%s", want, page)
			}
		}
	}
}

// page is what the web UI shows of a run.
func page(t *testing.T, env *testsuite.TestWorkflowEnvironment) string {
	t.Helper()
	value, err := env.QueryWorkflow("__temporal_workflow_metadata")
	var metadata sdk.WorkflowMetadata
	if err == nil {
		err = value.Get(&metadata)
	}
	if err != nil {
		t.Fatal(err)
	}
	return metadata.CurrentDetails
}
