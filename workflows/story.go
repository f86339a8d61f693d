package workflows

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// story is the state of one run: its parameters, what each stage gave, and the first error, after which nothing starts.
type story struct {
	ctx       workflow.Context
	id        string
	workflow  string // its type
	params    schemas.Params
	settings  schemas.Settings
	threshold float64
	duplicate float64

	scanned                               schemas.Scanned
	ingested, articles                    schemas.Ref // articles are those of ingested that screening lets through
	embeddings, neighbours, links, splits schemas.Ref
	evidence                              *schemas.Ref // of the rule of that name
	model                                 schemas.Ref
	sealed                                schemas.Refs // every stage so far

	head             string // what the web UI shows above the stage table, in Markdown
	rows             []schemas.StageProgress
	nondeterministic []string
	warnings         []string
	err              error
}

// open asks the worker for its tables, which stand in history then, and makes a story with a row for each stage of the workflow of that name.
func open(ctx workflow.Context, params schemas.Params, name string) (*story, error) {
	if params.Align.Rule == schemas.EvidenceRule && workflow.GetVersion(ctx, "evidence", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		params.Align.Rule = "agreement" // the presets' rule when the run began
	}
	r := &story{ctx: ctx, id: workflow.GetInfo(ctx).WorkflowExecution.ID, workflow: name, params: params, sealed: schemas.Refs{}}
	for _, s := range schemas.RowsOf(name) {
		if (s.Name == schemas.Lexicon.Name || s.Name == schemas.Evidence.Name) && params.Align.Rule != schemas.EvidenceRule {
			continue
		}
		r.rows = append(r.rows, schemas.StageProgress{Stage: s.Name, Unit: s.Unit, State: "waiting"})
	}
	if err := workflow.SetQueryHandler(ctx, schemas.ProgressQuery, func() ([]schemas.StageProgress, error) {
		return r.progress(), nil
	}); err != nil {
		return nil, err
	}
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: time.Minute,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 5},
	})
	in := schemas.SettingsInput{Encoder: params.Encoder.Name}
	if r.ahead().Trains() {
		in.Summarizer = params.Summarizer
	}
	if err := workflow.ExecuteLocalActivity(local, schemas.SettingsActivity.Name, in).Get(ctx, &r.settings); err != nil {
		return nil, err
	}
	if err := r.calibrate(); err != nil {
		return nil, invalid(err)
	}
	r.attribute(temporal.NewSearchAttributeKeyKeywordList(schemas.AttributeLanguages).ValueSet(fitting(params.Languages)))
	return r, r.err
}

// ahead is what the run is going to do.
func (r *story) ahead() schemas.Ahead { return schemas.Ahead{Workflow: r.workflow, Params: r.params} }

func invalid(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), schemas.InvalidInput, nil)
}

// because is why an activity failed, as the failure of the run: the reason first, and once. Temporal's own would say "activity error", and the
// reason within. Its details name the activity.
func because(activity string, err error) error {
	var reason *temporal.ApplicationError
	var late *temporal.TimeoutError
	kind, message := "", ""
	switch {
	case temporal.IsCanceledError(err):
		return err
	case errors.As(err, &reason):
		for inner := reason; errors.As(inner.Unwrap(), &inner) && (reason.Type() == "" || reason.Type() == "wrapError"); {
			reason = inner
		}
		kind, message = reason.Type(), reason.Message()
	case errors.As(err, &late):
		kind, message = "Timeout", late.Message()+": no heartbeat or no answer for too long; the worker's log is in data/log"
	default:
		return err
	}
	if !strings.HasPrefix(message, activity) {
		message = activity + ": " + message
	}
	return temporal.NewApplicationErrorWithOptions(message, kind, temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{schemas.FailedIn{Activity: activity}}})
}

// calibrate takes the thresholds that the parameters leave open from the encoder's model card.
func (r *story) calibrate() (err error) {
	var warnings []string
	r.threshold, r.duplicate, warnings, err = r.params.Thresholds(r.settings.Card)
	r.warnings = append(r.warnings, warnings...)
	return err
}

// scan lists the crawl's files with their digests.
func (r *story) scan(gold string) {
	row := r.begins(schemas.ScanActivity.Name)
	began := workflow.Now(r.ctx)
	ahead := r.ahead()
	r.scanned = call(r, schemas.ScanActivity, "crawl "+r.params.Crawl, schemas.ScanInput{Crawl: r.params.Crawl, Languages: r.params.Languages, Gold: gold,
		Limits: r.params.Ingest, Ahead: &ahead})
	r.warnings = append(r.warnings, r.scanned.Remarks...)
	row.Units, row.UnitsDone, row.Counts = 1, 1, map[string]int64{"files": int64(r.scanned.Count), "bytes": r.scanned.Bytes}
	r.found(r.scanned.Languages)
	if r.scanned.GoldFault != "" {
		r.warnings = append(r.warnings, "the alignment is not scored: "+r.scanned.GoldFault)
	}
	r.ends(row, began, r.err)
}

// found makes the languages of a crawl those of the run, where it takes whichever there are.
func (r *story) found(languages []string) {
	if r.err == nil && len(r.params.Languages) == 0 && len(languages) > 0 && workflow.GetVersion(r.ctx, "languages-found", workflow.DefaultVersion, 1) == 1 {
		r.attribute(temporal.NewSearchAttributeKeyKeywordList(schemas.AttributeLanguages).ValueSet(fitting(languages)))
	}
}

// fitting are as many languages as a search attribute may hold, and how many more there are: a longer one would fail every task of the run.
func fitting(languages []string) []string {
	const most = 1500 // bytes, of the 2048 that the server takes for a value
	bytes := 0
	for i, l := range languages {
		if bytes += len(l) + 3; bytes > most {
			return append(slices.Clone(languages[:i]), fmt.Sprintf("and %d more", len(languages)-i))
		}
	}
	return languages
}

// progress is a copy of the rows of the stage table.
func (r *story) progress() []schemas.StageProgress {
	return slices.Clone(r.rows)
}

func (r *story) row(stage string) *schemas.StageProgress {
	for i := range r.rows {
		if r.rows[i].Stage == stage {
			return &r.rows[i]
		}
	}
	panic("workflows: no row for stage " + stage) // a programming error: the registry has them all
}

func (r *story) begins(stage string) *schemas.StageProgress {
	row := r.row(stage)
	row.State = "running"
	r.attribute(temporal.NewSearchAttributeKeyKeyword(schemas.AttributeStage).ValueSet(stage))
	r.show()
	return row
}

func (r *story) ends(row *schemas.StageProgress, began time.Time, err error) {
	row.Seconds = workflow.Now(r.ctx).Sub(began).Seconds()
	row.State = "done"
	if err != nil {
		row.State = "failed"
		if r.err == nil {
			r.err = err
		}
	}
	r.show()
}

func (r *story) attribute(update temporal.SearchAttributeUpdate) {
	if err := workflow.UpsertTypedSearchAttributes(r.ctx, update); err != nil && r.err == nil {
		r.err = err
	}
}

// show writes the stage table where the web UI shows it.
func (r *story) show() {
	var b strings.Builder
	b.WriteString(r.head)
	b.WriteString("| stage | state | units | reused | seconds | counts |\n|---|---|---|---|---|---|\n")
	for _, row := range r.rows {
		b.WriteString(fmt.Sprintf("| %s | %s | %d / %d | %d | %.1f | %s |\n", row.Stage, row.State, row.UnitsDone, row.Units, row.Reused,
			row.Seconds, counts(row.Counts)))
	}
	workflow.SetCurrentDetails(r.ctx, b.String())
}

// counts shows them in the order of their names.
//
//workflowcheck:ignore
func counts(m map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, m[name]))
	}
	return strings.Join(parts, ", ")
}
