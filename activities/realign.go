package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"crosssum/internal/crawl"
	"crosssum/internal/crawl/catalogue"
	"crosssum/internal/fault"
	"crosssum/schemas"

	"go.temporal.io/sdk/activity"
)

// maxWaiting bounds the crawls of one answer, maxFailed the failed files, and maxPassed what is passed over: payloads carry references and counts.
const maxWaiting, maxFailed, maxPassed = 100, 20, 20

// waiting reads a ledger's newest entry and finds the crawls that it does not have, in name order. Every file of every crawl
// is digested, once by a worker while it stays as it is: a crawl is known by what it holds, not by its name. A folder that is no crawl is told and holds up nothing.
func (a *Activities) waiting(ctx context.Context, in schemas.WaitingInput) (schemas.Waiting, error) {
	p, answer := in.Params, schemas.Waiting{Crawls: []schemas.Scanned{}}
	a.heartbeat(ctx, schemas.Progress{Stage: schemas.WaitingActivity.Name})
	entries, err := catalogue.History(a.Store, p.Catalogue)
	if err != nil {
		return answer, err
	}
	encoder, err := a.model(p.Encoder.Name)
	if err != nil {
		return answer, err
	}
	answer.Encoder = encoder.Digest
	if len(entries) > 0 {
		answer.Newest = light(entries[len(entries)-1])
	}
	if err := catalogue.Check(answer.Newest, schemas.Catalogue{Params: p, Encoder: encoder.Digest}); err != nil {
		return answer, err
	}
	names := []string{p.Crawl}
	if p.Crawl == "" {
		var passed []schemas.PassedCrawl
		if names, passed, err = crawl.Crawls(a.CrawlRoots, p.Crawls); err != nil {
			return answer, err
		}
		passOver(ctx, &answer, passed...)
	}
	for _, name := range names {
		if len(answer.Crawls) == maxWaiting {
			answer.More = true
			break
		}
		scanned, wanted, err := a.untaken(ctx, in, entries, name)
		if fault := (*crawl.InputError)(nil); errors.As(err, &fault) {
			answer.Refused = append(answer.Refused, schemas.RefusedCrawl{Crawl: name,
				Reason: strings.TrimPrefix(fault.Error(), "crawl "+name+": ")})
		} else if err != nil {
			return answer, err
		} else if wanted {
			answer.Crawls = append(answer.Crawls, scanned)
		} else if n := catalogue.Contains(entries, scanned.Digest); n > 0 && entries[n-1].Crawl != name && p.Crawl == "" {
			passOver(ctx, &answer, schemas.PassedCrawl{Crawl: name, Reason: fmt.Sprintf("the same bytes as those of crawl %s, which is entry %d", entries[n-1].Crawl, n)})
		} else if n > 0 && !slices.Contains(in.Known, scanned.Digest) {
			answer.Before++
		}
	}
	if len(answer.Crawls) > 0 && len(in.Known) == 0 { // the first is about to be taken
		_, err = a.ahead(ctx, schemas.Ahead{Workflow: schemas.RealignWorkflow, Params: p.Params}, nil)
	}
	return answer, err
}

// passOver notes what is not taken, and says it in the log.
func passOver(ctx context.Context, answer *schemas.Waiting, passed ...schemas.PassedCrawl) {
	for _, c := range passed {
		activity.GetLogger(ctx).Warn("passed over", "crawl", c.Crawl, "reason", c.Reason)
		if answer.PassedCount++; len(answer.Passed) < maxPassed {
			answer.Passed = append(answer.Passed, c)
		}
	}
}

// untaken scans a crawl and says whether the ledger has yet to take it, or files of it that were mended.
func (a *Activities) untaken(ctx context.Context, in schemas.WaitingInput, entries []schemas.Entry, name string) (schemas.Scanned, bool, error) {
	scanned, err := a.scan(ctx, schemas.ScanInput{Crawl: name, Languages: in.Params.Languages, Limits: in.Params.Ingest, Ledger: true})
	if err != nil || slices.Contains(in.Known, scanned.Digest) {
		return scanned, false, err
	}
	if !in.Params.Retry && catalogue.Contains(entries, scanned.Digest) > 0 {
		return scanned, false, nil
	}
	var all []schemas.CrawlFile
	if err := a.Store.GetJSON(scanned.Files, &all); err != nil {
		return scanned, false, err
	}
	files := catalogue.Untaken(entries, name, scanned.Mode, all, in.Params.Retry)
	if len(files) == len(all) {
		return scanned, true, nil // a crawl without any file is an entry too: it was there
	}
	if len(files) == 0 {
		return scanned, false, nil
	}
	list, err := a.Store.PutJSON(files)
	scanned.Files = list.Digest
	scanned.Measure(files)
	return scanned, true, err
}

// take adds an entry to its ledger, unless another run was first.
func (a *Activities) take(ctx context.Context, in schemas.TakeInput) (schemas.Took, error) {
	a.heartbeat(ctx, schemas.Progress{Stage: schemas.TakeActivity.Name, Unit: in.Entry.Crawl})
	index, err := a.Store.Index(in.Ingested)
	if err != nil {
		return schemas.Took{}, err
	}
	entry := in.Entry
	entry.Files = []schemas.CatalogueFile{}
	for _, u := range index.Units {
		files, err := a.crawlStates(u)
		if err != nil {
			return schemas.Took{}, err
		}
		entry.Files = append(entry.Files, files...)
	}
	encoder, err := a.model(entry.Params.Encoder.Name)
	if err != nil {
		return schemas.Took{}, err
	}
	if encoder.Digest != entry.Encoder {
		return schemas.Took{}, fault.New(schemas.InvalidInput, "crawl %s: the encoder %s has changed while the crawl was mined: start the run again",
			entry.Crawl, entry.Params.Encoder.Name)
	}
	before, err := catalogue.Newest(a.Store, entry.Name)
	if err != nil {
		return schemas.Took{}, err
	}
	there, mine, err := catalogue.Take(a.Store, entry)
	if err != nil {
		return schemas.Took{}, err
	}
	if before != nil && before.Number >= entry.Number && activity.GetInfo(ctx).Attempt == 1 {
		mine = false // an equal entry, but no attempt of ours can have written it
	}
	took := schemas.Took{Newest: *light(there), Mine: mine}
	for _, f := range entry.Files {
		if f.State == schemas.FileFailed && len(took.Failed) < maxFailed {
			took.Failed = append(took.Failed, f)
		}
	}
	return took, nil
}

// light is an entry as payloads carry it.
func light(e schemas.Entry) *schemas.Entry {
	e.Files = nil
	return &e
}
