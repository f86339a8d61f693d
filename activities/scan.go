package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"crosssum/internal/crawl"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// maxGold bounds the true alignment that a crawl may bring, as it lies on the disk.
var maxGold int64 = 1 << 30 // changed by tests alone

// scan finds a crawl by name in the crawl roots, digests its files and stores the list of them. It reads every byte,
// but not again in files that are as they were: what ingest reads later must have the same digests.
func (a *Activities) scan(ctx context.Context, in schemas.ScanInput) (schemas.Scanned, error) {
	folder, err := crawl.Open(a.CrawlRoots, in.Crawl)
	if err != nil {
		return schemas.Scanned{}, err
	}
	defer folder.Close()
	folder.Archives = crawl.Archives{Limits: in.Limits, Progress: a.reading(ctx, in.Crawl)}
	mode, marked, err := folder.Mode()
	if err != nil {
		return schemas.Scanned{}, err
	}
	list := folder.Files
	if marked && in.Ledger {
		list = folder.List
	}
	files, err := list(in.Languages)
	if err != nil {
		return schemas.Scanned{}, err
	}
	scanned := schemas.Scanned{Crawl: in.Crawl, Mode: mode}
	scanned.Measure(files)
	if in.Ahead != nil {
		if scanned.Remarks, err = a.ahead(ctx, *in.Ahead, files); err != nil {
			return scanned, err
		}
	}
	if !in.Ledger { // a ledger is judged by nothing
		if scanned.Gold, scanned.GoldFault, err = a.putGold(folder, in.Gold); err != nil {
			return scanned, err
		}
		if in.Ahead != nil && in.Ahead.Workflow == schemas.CalibrateWorkflow {
			if err := a.judgeable(scanned); err != nil {
				return scanned, err
			}
		}
	}
	err = folder.Digest(files, func(done int64) error {
		a.heartbeat(ctx, schemas.Progress{Stage: "scan", Unit: in.Crawl, Units: 1, Done: done, Total: scanned.Bytes, Of: "bytes"})
		return ctx.Err()
	})
	if err != nil {
		return scanned, err
	}
	if scanned.Digest, err = crawlDigest(mode, files); err != nil {
		return scanned, err
	}
	object, err := a.Store.PutJSON(files)
	scanned.Files = object.Digest
	return scanned, err
}

// reading says that a scan goes on through the crawl's archives, which are read before it is known how much there is to read.
func (a *Activities) reading(ctx context.Context, crawl string) func(int64) error {
	var done int64
	return func(bytes int64) error {
		done += bytes
		a.heartbeat(ctx, schemas.Progress{Stage: "scan", Unit: crawl, Units: 1, Done: done, Of: "bytes"})
		return ctx.Err()
	}
}

// crawlDigest is the identity of a crawl: its mode, what its files hold and what they are, not where they lie.
func crawlDigest(mode string, files []schemas.CrawlFile) (string, error) {
	rows := make([][3]string, len(files))
	for i, f := range files {
		rows[i] = [3]string{f.Language, f.Split, f.Digest}
	}
	b, err := json.Marshal([]any{mode, rows})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}

// putGold stores the gold that is asked for by name, or else the one beside the crawl, if there is one, for the report to score the
// alignment with. One beside the crawl that cannot be had is a fault to tell, and no error: nothing is mined by it.
func (a *Activities) putGold(folder *crawl.Folder, name string) (digest, unreadable string, err error) {
	if name != "" {
		gold, err := crawl.OpenGold(a.CrawlRoots, name)
		if err != nil {
			return "", "", err
		}
		defer gold.Close()
		digest, err = a.storeGold(gold, name)
		return digest, "", err
	}
	gold, err := folder.Gold()
	if err == nil && gold != nil {
		defer gold.Close()
		digest, err = a.storeGold(gold, folder.Name)
	}
	var typed *fault.Error
	if errors.As(permanent(err), &typed) && typed.Type == schemas.InvalidInput {
		return "", err.Error(), nil
	}
	return digest, "", err
}

// storeGold stores a true alignment, so that what is judged by it stays what it was.
func (a *Activities) storeGold(gold io.Reader, name string) (string, error) {
	draft, err := a.Store.Draft()
	if err != nil {
		return "", err
	}
	defer draft.Close()
	path := filepath.Join(draft.Dir, "gold.tsv.gz")
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	in := &readFault{Reader: io.LimitReader(gold, maxGold+1)}
	n, err := io.Copy(file, in)
	err = errors.Join(err, file.Close())
	switch {
	case in.err != nil:
		return "", fault.New(schemas.InvalidInput, "gold of crawl %s: %v", name, in.err)
	case err != nil:
		return "", err
	case n > maxGold:
		return "", fault.New(schemas.InvalidInput, "gold of crawl %s: gold/%s.tsv.gz has over %d bytes", name, filepath.Base(name), maxGold)
	}
	object, err := a.Store.Put(path)
	return object.Digest, err
}

// readFault remembers why its reader could not be read, so that a fault of what is read is told from one of what is written.
type readFault struct {
	io.Reader
	err error
}

func (r *readFault) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// permanent types the faults of a crawl: a person must mend them, trying again cannot help.
func permanent(err error) error {
	var input *crawl.InputError
	if !errors.As(err, &input) {
		return err
	}
	kind := schemas.InvalidInput
	if input.Budget {
		kind = schemas.RejectBudget
	}
	return fault.Of(kind, err)
}
