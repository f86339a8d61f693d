package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// realignment is the story of a Realign run: story has the crawl at work.
type realignment struct {
	*story
	asked   schemas.RealignParams // with the thresholds of the model card filled in
	encoder string                // digest of the encoder's model
	newest  *schemas.Entry        // of the ledger; nil: it is empty
	done    schemas.RealignResult
}

// Realign brings the crawls that wait into a catalogue, one entry each, in name order: the crawl's articles are merged with
// those of the entry before, mined, split by what was published before, exported, and the entry is added to the ledger.
// Another run may add to the same ledger at any time: then this one asks again what waits, and goes on from there. A run
// whose history has grown long continues as a new one; before is what the earlier ones did, and nobody else gives it.
func Realign(ctx workflow.Context, raw schemas.RawParams, before *schemas.RealignResult) (schemas.RealignResult, error) {
	r, err := beginRealign(ctx, raw, before)
	if err != nil {
		return schemas.RealignResult{}, err
	}
	over, again := r.turn()
	if again {
		return r.done, workflow.NewContinueAsNewError(ctx, schemas.RealignWorkflow, raw, &r.done)
	}
	defer over()
	for r.err == nil {
		waiting := r.ask()
		undisturbed := true
		for i := 0; i < len(waiting.Crawls) && undisturbed && r.err == nil; i++ {
			if undisturbed = r.take(waiting.Crawls[i]); r.err == nil && workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
				r.done.Nondeterministic = append(r.done.Nondeterministic, r.nondeterministic...)
				return r.done, workflow.NewContinueAsNewError(ctx, schemas.RealignWorkflow, raw, &r.done)
			}
		}
		if undisturbed && !waiting.More {
			break
		}
	}
	r.layOut()
	return r.outcome()
}

func beginRealign(ctx workflow.Context, raw schemas.RawParams, before *schemas.RealignResult) (*realignment, error) {
	asked, err := schemas.DecodeRealign(raw)
	if err != nil {
		return nil, invalid(err)
	}
	s, err := open(ctx, asked.Params, schemas.RealignWorkflow)
	if err != nil {
		return nil, err
	}
	asked.Align.Rule, asked.Align.Threshold, asked.Align.Duplicate = s.params.Align.Rule, &s.threshold, &s.duplicate
	r := &realignment{story: s, asked: asked, done: schemas.RealignResult{Taken: []schemas.TakenCrawl{}}}
	if before != nil {
		r.done = *before
	}
	r.done.Catalogue, r.done.Warnings = asked.Catalogue, s.warnings
	return r, nil
}

// ask reads the ledger and finds the crawls that it does not have.
func (r *realignment) ask() schemas.Waiting {
	row := r.row(schemas.WaitingActivity.Name)
	if row.State == "waiting" {
		r.begins(row.Stage)
	}
	known := make([]string, 0, len(r.done.Taken)+len(r.done.Refused))
	for _, t := range r.done.Taken {
		known = append(known, t.Digest)
	}
	for _, refused := range r.done.Refused {
		known = append(known, refused.Digest)
	}
	where := "crawls in " + r.asked.Crawls
	if r.asked.Crawl != "" {
		where = "crawl " + r.asked.Crawl
	}
	began := workflow.Now(r.ctx)
	waiting := call(r.story, schemas.WaitingActivity, where, schemas.WaitingInput{Params: r.asked, Known: known})
	row.Seconds += workflow.Now(r.ctx).Sub(began).Seconds()
	if r.err != nil {
		row.State = "failed"
	}
	r.newest, r.encoder = waiting.Newest, waiting.Encoder
	r.done.PassedOver = waiting.PassedOver
	row.Units = len(r.done.Taken) + len(waiting.Crawls)
	row.Work, row.WorkDone = float64(row.Units), float64(len(r.done.Taken))
	for _, refused := range waiting.Refused {
		r.refuse(refused)
	}
	r.headline("")
	return waiting
}

// refuse notes a crawl that cannot be taken as it is: the others go on without it.
func (r *realignment) refuse(crawl schemas.RefusedCrawl) {
	if !slices.ContainsFunc(r.done.Refused, func(known schemas.RefusedCrawl) bool { return known.Crawl == crawl.Crawl }) {
		r.done.Refused = append(r.done.Refused, crawl)
	}
}

// take brings a crawl into the ledger. undisturbed says that no other run added to it meanwhile.
func (r *realignment) take(crawl schemas.Scanned) (undisturbed bool) {
	r.anew(crawl.Crawl)
	r.found(crawl.Languages)
	ingested := run(r.story, schemas.Ingest, schemas.IngestInput{Scanned: crawl, Params: r.params.Ingest, Tolerant: true})
	if reason := fault(r.err); reason != "" {
		r.err = nil
		r.refuse(schemas.RefusedCrawl{Crawl: crawl.Crawl, Digest: crawl.Digest, Reason: reason})
		return true
	}
	merge := schemas.MergeInput{Ingested: ingested, Mode: crawl.Mode}
	entry := schemas.Catalogue{Name: r.asked.Catalogue, Number: 1, Crawl: crawl.Crawl, Digest: crawl.Digest, Mode: crawl.Mode,
		Params: r.asked, Encoder: r.encoder}
	entry.Params.Crawl, entry.Params.Crawls, entry.Params.Retry = "", "", false // how the crawl was found is no part of the state
	if r.newest != nil {
		merge.Previous = &r.newest.Articles
		entry.Number, entry.Previous = r.newest.Number+1, r.newest.Object
	}
	r.articles = run(r.story, schemas.Merge, merge)
	r.align(r.newest)
	dataset := run(r.story, schemas.Export, r.mined(crawl.Digest, entry.Previous))
	if r.err != nil {
		return true
	}
	entry.Articles, entry.Screened, entry.Embeddings, entry.Neighbours = r.ingested, r.articles, r.embeddings, r.neighbours
	entry.Links, entry.Splits, entry.Dataset = r.links, r.splits, &dataset
	entry.Counts = entryCounts(entry, ingested)
	return r.enter(schemas.TakeInput{Entry: entry, Ingested: ingested})
}

// entryCounts are the figures of an entry: what became of the crawl's rows, and what the catalogue has after it.
func entryCounts(e schemas.Catalogue, ingested schemas.Ref) map[string]int64 {
	counts := map[string]int64{"pairs": e.Links.Counts["accepted"], "moved": e.Splits.Counts["moved"]}
	for _, name := range []string{"read", "accepted", "rejected", "deleted", "failed_files"} {
		counts[name] = ingested.Counts[name]
	}
	for _, name := range []string{"articles", "new", "edited", "unchanged", "withdrawn"} {
		counts[name] = e.Articles.Counts[name]
	}
	for _, name := range []string{"misplaced", "set_aside"} {
		counts[name] = e.Screened.Counts[name]
	}
	return counts
}

// enter adds the entry to the ledger, if no other run was first.
func (r *realignment) enter(in schemas.TakeInput) (undisturbed bool) {
	row := r.begins(schemas.TakeActivity.Name)
	began := workflow.Now(r.ctx)
	took := call(r.story, schemas.TakeActivity, fmt.Sprintf("entry %d of %s: crawl %s", in.Entry.Number, in.Entry.Name, in.Entry.Crawl), in)
	row.Units, row.Counts = 1, in.Entry.Counts
	if took.Mine {
		row.UnitsDone = 1
	}
	if r.ends(row, began, r.err); r.err != nil {
		return true
	}
	r.sum()
	r.newest = &took.Newest
	if !took.Mine {
		return false
	}
	r.done.Taken = append(r.done.Taken, schemas.TakenCrawl{Number: in.Entry.Number, Crawl: in.Entry.Crawl, Digest: in.Entry.Digest,
		Mode: in.Entry.Mode, Counts: in.Entry.Counts, Failed: took.Failed})
	waiting := r.row(schemas.WaitingActivity.Name)
	waiting.UnitsDone, waiting.WorkDone = len(r.done.Taken), float64(len(r.done.Taken))
	r.headline("")
	return true
}

// fault is the reason why a crawl cannot be ingested, "" where the crawl is not to blame.
func fault(err error) string {
	var failure *temporal.ApplicationError
	if errors.As(err, &failure) && (failure.Type() == schemas.InvalidInput || failure.Type() == schemas.RejectBudget) {
		return strings.TrimPrefix(failure.Message(), schemas.Ingest.Name+": ")
	}
	return ""
}

// anew empties the stage table for the next crawl.
func (r *realignment) anew(crawl string) {
	for i := range r.rows {
		row := &r.rows[i]
		if row.Crawl = crawl; row.Stage != schemas.WaitingActivity.Name {
			*row = schemas.StageProgress{Stage: row.Stage, Unit: row.Unit, State: "waiting", Crawl: crawl}
		}
	}
	r.headline(crawl)
}

// shown is how many of the crawls that were taken last the web UI lists.
const shown = 20

// headline says above the stage table what the run has done to the ledger.
func (r *realignment) headline(crawl string) {
	var b strings.Builder
	b.WriteString(fmt.Sprintf("Catalogue %s", r.asked.Catalogue))
	if r.newest != nil {
		b.WriteString(fmt.Sprintf(", entry %d", r.newest.Number))
	}
	if crawl != "" {
		b.WriteString(fmt.Sprintf("; crawl %s at work", crawl))
	}
	b.WriteString("\n\n")
	for _, t := range r.done.Taken[max(0, len(r.done.Taken)-shown):] {
		b.WriteString(fmt.Sprintf("- entry %d: crawl %s (%s): %s\n", t.Number, t.Crawl, t.Mode, counts(t.Counts)))
	}
	for _, refused := range r.done.Refused {
		b.WriteString(fmt.Sprintf("- refused: %s: %s\n", refused.Crawl, refused.Reason))
	}
	for _, line := range r.done.PassedOver.Lines() {
		b.WriteString("- " + line + "\n")
	}
	r.head = b.String() + "\n"
	r.show()
}

// sum adds the stage table of a crawl to the result's.
func (r *realignment) sum() {
	if len(r.done.Stages) == 0 {
		for _, row := range r.rows[1:] {
			r.done.Stages = append(r.done.Stages, schemas.StageProgress{Stage: row.Stage, Unit: row.Unit, State: "done"})
		}
	}
	for i := range r.done.Stages {
		all, crawl := &r.done.Stages[i], r.row(r.done.Stages[i].Stage)
		all.Units, all.UnitsDone, all.Reused = all.Units+crawl.Units, all.UnitsDone+crawl.UnitsDone, all.Reused+crawl.Reused
		all.Seconds, all.Work, all.WorkDone = all.Seconds+crawl.Seconds, all.Work+crawl.Work, all.WorkDone+crawl.WorkDone
	}
}

// layOut makes the run's folder, with the newest entry's data set in it.
func (r *realignment) layOut() {
	if r.err != nil || r.newest == nil {
		return
	}
	r.done.Number, r.done.Entry = r.newest.Number, r.newest.Object
	p := r.newest.Params
	r.done.Folder = r.story.layOut(schemas.LayOutInput{Catalogue: r.newest, ReportInput: schemas.ReportInput{Run: r.id, Params: p.Params,
		Made: r.newest.Made(), Rule: p.Align.Rule, Threshold: *p.Align.Threshold}}).Folder
}

// outcome is the result. A run that had to refuse a crawl fails, so that a person sees it, after it has taken the others.
func (r *realignment) outcome() (schemas.RealignResult, error) {
	r.done.Nondeterministic = append(r.done.Nondeterministic, r.nondeterministic...)
	if row := r.row(schemas.WaitingActivity.Name); r.err == nil {
		row.State, row.Crawl = "done", ""
		r.show()
	}
	if r.err != nil || len(r.done.Refused) == 0 {
		return r.done, r.err
	}
	var reasons []string
	for _, refused := range r.done.Refused {
		reasons = append(reasons, refused.Crawl+": "+refused.Reason)
	}
	return r.done, temporal.NewNonRetryableApplicationError(fmt.Sprintf("%d crawls were taken; refused until mended: %s",
		len(r.done.Taken), strings.Join(reasons, "; ")), schemas.InvalidInput, nil, r.done)
}
