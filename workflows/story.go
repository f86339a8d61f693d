package workflows

import (
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
	params    schemas.Params
	settings  schemas.Settings
	threshold float64
	duplicate float64

	scanned                               schemas.Scanned
	ingested, articles                    schemas.Ref // articles are those of ingested that screening lets through
	embeddings, neighbours, links, splits schemas.Ref
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
	r := &story{ctx: ctx, id: workflow.GetInfo(ctx).WorkflowExecution.ID, params: params, sealed: schemas.Refs{}}
	for _, s := range schemas.RowsOf(name) {
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
	if err := workflow.ExecuteLocalActivity(local, schemas.SettingsActivity.Name, in).Get(ctx, &r.settings); err != nil {
		return nil, err
	}
	if err := r.calibrate(); err != nil {
		return nil, invalid(err)
	}
	r.attribute(temporal.NewSearchAttributeKeyKeywordList(schemas.AttributeLanguages).ValueSet(params.Languages))
	return r, r.err
}

func invalid(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), schemas.InvalidInput, err)
}

// calibrate takes the thresholds that the parameters leave open from the encoder's model card.
func (r *story) calibrate() error {
	align, card := r.params.Align, r.settings.Card
	if align.Threshold != nil {
		r.threshold = *align.Threshold
		r.compare("align.threshold", r.threshold, card.Thresholds[align.Rule])
	} else if t, ok := card.Thresholds[align.Rule]; ok {
		r.threshold = t
		if schemas.Rules[align.Rule].Measure != "cosine" && card.Neighbours != 0 && card.Neighbours != align.Neighbours {
			return fmt.Errorf("$.align.threshold: the model card of %q was calibrated with %d neighbours, and $.align.neighbours is %d: give a "+
				"threshold for that", r.params.Encoder.Name, card.Neighbours, align.Neighbours)
		}
	} else {
		return fmt.Errorf("$.align.threshold: the model card of %q has no threshold for the rule %q: give one, calibrated for this encoder",
			r.params.Encoder.Name, align.Rule)
	}
	switch {
	case align.Duplicate != nil:
		r.duplicate = *align.Duplicate
		r.compare("align.duplicate_threshold", r.duplicate, card.Duplicate)
	case card.Duplicate != 0:
		r.duplicate = card.Duplicate
	default:
		return fmt.Errorf("$.align.duplicate_threshold: the model card of %q has none: give one, calibrated for this encoder", r.params.Encoder.Name)
	}
	align.Threshold, align.Duplicate = &r.threshold, &r.duplicate
	if err := align.Check(); err != nil { // what was given is in range
		return fmt.Errorf("the model card of %q: %w", r.params.Encoder.Name, err)
	}
	return nil
}

// compare warns of a threshold that is not the encoder's own: cosines of encoders are not alike.
func (r *story) compare(name string, given, card float64) {
	encoder := r.params.Encoder.Name
	switch {
	case card == 0:
		r.warnings = append(r.warnings, fmt.Sprintf("$.%s is %v, and the model card of %q has none to compare it with: one that was calibrated for another "+
			"encoder accepts too much or too little (./crosssum calibrate finds this one's)", name, given, encoder))
	case given != card:
		r.warnings = append(r.warnings, fmt.Sprintf("$.%s is %v, and the one calibrated for %q is %v: a threshold of another encoder accepts too much or "+
			"too little", name, given, encoder, card))
	}
}

// scan lists the crawl's files with their digests.
func (r *story) scan(gold string) {
	row := r.begins(schemas.ScanActivity.Name)
	began := workflow.Now(r.ctx)
	r.scanned = call(r, schemas.ScanActivity, "crawl "+r.params.Crawl, schemas.ScanInput{Crawl: r.params.Crawl, Languages: r.params.Languages, Gold: gold, Limits: r.params.Ingest})
	row.Units, row.UnitsDone, row.Counts = 1, 1, map[string]int64{"files": int64(r.scanned.Count), "bytes": r.scanned.Bytes}
	if r.scanned.GoldFault != "" {
		r.warnings = append(r.warnings, "the alignment is not scored: "+r.scanned.GoldFault)
	}
	r.ends(row, began, r.err)
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
