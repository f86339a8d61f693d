package activities

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"crosssum/internal/artifact/store"
	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
)

// ledgerHost runs waiting and take as Temporal does, over crawls in root and a model "e" of one file.
type ledgerHost struct {
	t    *testing.T
	env  *testsuite.TestActivityEnvironment
	a    *Activities
	root string
}

func newLedgerHost(t *testing.T) *ledgerHost {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &ledgerHost{t: t, root: t.TempDir()}
	models := t.TempDir()
	h.a = &Activities{Config{Store: s, CrawlRoots: []string{h.root}, ModelRoots: []string{models}}}
	h.env = (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	registerOne(h.env, h.a, schemas.WaitingActivity, h.a.waiting)
	registerOne(h.env, h.a, schemas.TakeActivity, h.a.take)
	define(schemas.Ingest, openIngest).register(h.env, h.a)
	h.put(filepath.Join(models, "e/config.json"), "{}")
	h.a.Checker = &asked{}
	return h
}

func (h *ledgerHost) put(path, text string) {
	h.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *ledgerHost) crawl(name, file, text string) {
	h.put(filepath.Join(h.root, name, file), text)
	h.put(filepath.Join(h.root, name, "crawl.json"), `{"mode": "delta"}`)
}

func ledgerParams() schemas.RealignParams {
	p := schemas.RealignParams{Params: schemas.Demo(), Catalogue: "main"}
	p.Crawl, p.Encoder.Name, p.Ingest = "", "e", lenient
	return p
}

func (h *ledgerHost) waiting(p schemas.RealignParams, known ...string) (schemas.Waiting, error) {
	var w schemas.Waiting
	value, err := h.env.ExecuteActivity(schemas.WaitingActivity.Name, schemas.WaitingInput{Params: p, Known: known})
	if err == nil {
		err = value.Get(&w)
	}
	return w, err
}

// names asks what waits.
func (h *ledgerHost) names(p schemas.RealignParams, known ...string) string {
	h.t.Helper()
	w, err := h.waiting(p, known...)
	if err != nil {
		h.t.Fatal(err)
	}
	var names []string
	for _, c := range w.Crawls {
		names = append(names, c.Crawl)
	}
	return strings.Join(names, " ")
}

// take brings the first crawl that waits into the ledger, without mining it.
func (h *ledgerHost) take(p schemas.RealignParams) schemas.Took {
	h.t.Helper()
	w, err := h.waiting(p)
	if err != nil || len(w.Crawls) == 0 {
		h.t.Fatalf("%+v, %v", w, err)
	}
	in := schemas.TakeInput{Ingested: finish(h.t, h.a, define(schemas.Ingest, openIngest), schemas.IngestInput{Scanned: w.Crawls[0], Params: p.Ingest, Tolerant: true})}
	in.Entry = schemas.Catalogue{Name: p.Catalogue, Number: 1, Crawl: w.Crawls[0].Crawl, Digest: w.Crawls[0].Digest, Mode: w.Crawls[0].Mode,
		Params: p, Encoder: w.Encoder}
	if w.Newest != nil {
		in.Entry.Number, in.Entry.Previous = w.Newest.Number+1, w.Newest.Object
	}
	return h.enter(in)
}

func (h *ledgerHost) enter(in schemas.TakeInput) (took schemas.Took) {
	h.t.Helper()
	value, err := h.env.ExecuteActivity(schemas.TakeActivity.Name, in)
	if err == nil {
		err = value.Get(&took)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return took
}

func row(id string) string { return fmt.Sprintf(`{"id":%q,"summary":"s","text":"x"}`+"\n", id) }

func TestCrawlsWithTheirDoneMarkerWaitUntilTheLedgerHasWhatTheyHold(t *testing.T) {
	h, p := newLedgerHost(t), ledgerParams()
	h.crawl("w2", "english.jsonl", row("b"))
	h.crawl("w1", "english.jsonl", row("a"))
	h.put(filepath.Join(h.root, "w0/english.jsonl"), row("z")) // still being written
	if got := h.names(p); got != "w1 w2" {
		t.Errorf("waiting: %s", got)
	}
	if took := h.take(p); !took.Mine || took.Newest.Number != 1 || took.Newest.Files != nil {
		t.Errorf("%+v", took)
	}
	h.crawl("w1again", "english.jsonl", row("a")) // the same bytes under another name
	if got := h.names(p); got != "w2" {
		t.Errorf("waiting: %s", got)
	}
	if w, err := h.waiting(p); err != nil || w.Before != 1 || w.PassedCount != 2 || w.Passed[0].Crawl != "w0" || !strings.HasPrefix(w.Passed[0].Reason, "no crawl.json") ||
		w.Passed[1].Crawl != "w1again" || w.Passed[1].Reason != "the same bytes as those of crawl w1, which is entry 1" {
		t.Errorf("passed over: %+v, %v", w.PassedOver, err)
	}
	for i := range 30 {
		h.put(filepath.Join(h.root, fmt.Sprint("notes", i)), "")
	}
	if w, err := h.waiting(p); err != nil || w.PassedCount != 32 || len(w.Passed) != maxPassed {
		t.Errorf("of much that is passed over: %d, %d, %v", w.PassedCount, len(w.Passed), err)
	}
	p.Crawl = "w0" // a person who names it says that it is complete
	if got := h.names(p); got != "w0" {
		t.Errorf("waiting: %s", got)
	}
}

func TestAFolderThatIsNoCrawlIsRefusedAndHoldsUpNoOther(t *testing.T) {
	h, p := newLedgerHost(t), ledgerParams()
	h.crawl("w1", "english.jsonl", row("a"))
	h.put(filepath.Join(h.root, "w1/crawl.json"), `{"mode": "all"}`)
	h.crawl("w2", "klingon.jsonl", row("a"))
	h.crawl("w3", "english.jsonl", row("a"))
	h.put(filepath.Join(h.root, "w4/crawl.json/english.jsonl"), row("a"))
	h.put(filepath.Join(h.root, "w5/english.jsonl"), row("a"))
	if err := syscall.Mkfifo(filepath.Join(h.root, "w5/crawl.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := h.waiting(p)
	if err != nil || len(w.Crawls) != 1 || w.Crawls[0].Crawl != "w3" || len(w.Refused) != 4 {
		t.Fatalf("%+v, %v", w, err)
	}
	if a, b := w.Refused[0], w.Refused[1]; a.Crawl != "w1" || !strings.HasPrefix(a.Reason, "crawl.json: ") || b.Crawl != "w2" || !strings.Contains(b.Reason, "klingon") {
		t.Errorf("%+v", w.Refused)
	}
	for _, r := range w.Refused[2:] {
		if r.Reason != "crawl.json: not a regular file" {
			t.Errorf("%+v", r)
		}
	}
}

func TestAFolderWithANameThatIsNotAllowedIsRefusedAndHoldsUpNoOther(t *testing.T) {
	h, p := newLedgerHost(t), ledgerParams()
	names := []string{"my crawl", "été", "x\xffy", "-rf", strings.Repeat("n", 101)}
	for _, folder := range []string{"", "weekly"} {
		for _, name := range append(names, "w1") {
			h.crawl(filepath.Join(folder, name), "english.jsonl", row("a"))
		}
		p.Crawls = folder
		w, err := h.waiting(p)
		if err != nil || len(w.Crawls) != 1 || w.Crawls[0].Crawl != path.Join(folder, "w1") || len(w.Refused) != len(names) {
			t.Fatalf("in %q: %+v, %v", folder, w, err)
		}
		for _, r := range w.Refused {
			if !strings.Contains(r.Reason, "a name of letters, digits, dot, dash and underscore is wanted") {
				t.Errorf("in %q: %+v", folder, r)
			}
		}
	}
}

func TestAFileThatFailedWaitsOnceItIsMendedOrAskedFor(t *testing.T) {
	h, p := newLedgerHost(t), ledgerParams()
	h.crawl("w1", "english.jsonl", row("a"))
	h.crawl("w1", "french.jsonl", "{\n[\n")
	if took := h.take(p); len(took.Failed) != 1 || took.Failed[0].Language != "french" || took.Failed[0].Reason == "" {
		t.Errorf("%+v", took)
	}
	if got := h.names(p); got != "" {
		t.Errorf("nothing has changed, and there waits %s", got)
	}
	again := p
	again.Crawl, again.Retry = "w1", true
	w, err := h.waiting(again)
	if err != nil || len(w.Crawls) != 1 || w.Crawls[0].Count != 1 {
		t.Fatalf("asked for again: %+v, %v", w, err)
	}
	if got := h.names(again, w.Crawls[0].Digest); got != "" { // a run asks for it once
		t.Errorf("there still waits %s", got)
	}
	h.crawl("w1", "french.jsonl", row("c"))
	w, err = h.waiting(p)
	if err != nil || len(w.Crawls) != 1 || w.Crawls[0].Count != 1 || w.Crawls[0].Bytes != int64(len(row("c"))) {
		t.Errorf("mended: %+v, %v", w, err)
	} else if got := w.Crawls[0].Languages; len(got) != 1 || got[0] != "french" {
		t.Errorf("what is mended is %v", got)
	}
}

func TestHundredsOfCrawlsWaitInPortions(t *testing.T) {
	h, p := newLedgerHost(t), ledgerParams()
	for i := range maxWaiting + 5 {
		h.crawl(fmt.Sprintf("w%03d", i), "english.jsonl", row(fmt.Sprint(i)))
	}
	w, err := h.waiting(p)
	if err != nil || len(w.Crawls) != maxWaiting || !w.More {
		t.Fatalf("%d crawls, more: %v, %v", len(w.Crawls), w.More, err)
	}
	var known []string
	for _, c := range w.Crawls {
		known = append(known, c.Digest)
	}
	if w, err = h.waiting(p, known...); err != nil || len(w.Crawls) != 5 || w.More {
		t.Errorf("the rest: %+v, %v", w, err)
	}
}

func TestTheSecondOfTwoRivalsIsToldAndDoesNotClaimTheEntry(t *testing.T) {
	h, p := newLedgerHost(t), ledgerParams()
	h.crawl("w1", "english.jsonl", row("a"))
	w, err := h.waiting(p)
	if err != nil {
		t.Fatal(err)
	}
	in := schemas.TakeInput{Ingested: finish(t, h.a, define(schemas.Ingest, openIngest), schemas.IngestInput{Scanned: w.Crawls[0], Params: p.Ingest, Tolerant: true})}
	in.Entry = schemas.Catalogue{Name: "main", Number: 1, Crawl: "w1", Digest: w.Crawls[0].Digest, Mode: "delta", Params: p, Encoder: w.Encoder}
	first, second := h.enter(in), h.enter(in)
	if !first.Mine || second.Mine || second.Newest.Object != first.Newest.Object {
		t.Errorf("equal entries: %+v and %+v", first, second)
	}
	in.Entry.Params.Seed++
	if third := h.enter(in); third.Mine || third.Newest.Object != first.Newest.Object {
		t.Errorf("another entry: %+v", third)
	}
}

func TestACatalogueKeepsItsEncoder(t *testing.T) {
	h, p := newLedgerHost(t), ledgerParams()
	h.crawl("w1", "english.jsonl", row("a"))
	h.take(p)
	refused := func(why string) {
		t.Helper()
		var failure *temporal.ApplicationError
		if _, err := h.waiting(p); !errors.As(err, &failure) || failure.Type() != schemas.InvalidInput || !strings.Contains(err.Error(), "two encoders") {
			t.Errorf("%s: %v", why, err)
		}
	}
	p.Encoder.Prefix = "passage: "
	refused("another prefix")
	p = ledgerParams()
	h.put(filepath.Join(h.a.ModelRoots[0], "e/config.json"), `{"changed": true}`)
	refused("other files under the same name")
}
