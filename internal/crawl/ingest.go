package crawl

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// maxRejects bounds the quarantine of one language in memory.
const maxRejects = 1_000_000

// Ingested counts one language. Read = Accepted + Rejected + Deleted; blank lines are not rows, rows that say the same are one,
// and rows of a file that failed are in no count.
type Ingested struct {
	Read, Accepted, Rejected, Deleted int64
	Blank, Repeated                   int64 // lines: without a row, and with one that stands elsewhere too
	Reasons                           map[Reason]int64
	Rejects                           []Reject // in (file, line) order
	Files                             []schemas.CatalogueFile
}

// Counts names the figures as the ingest stage reports them: read, accepted, rejected, deleted, blank, repeated,
// failed_files, rejected_<reason>.
func (in Ingested) Counts() map[string]int64 {
	counts := map[string]int64{"read": in.Read, "accepted": in.Accepted, "rejected": in.Rejected, "deleted": in.Deleted,
		"blank": in.Blank, "repeated": in.Repeated, "failed_files": 0}
	for reason, n := range in.Reasons {
		counts["rejected_"+string(reason)] = n
	}
	for _, f := range in.Files {
		if f.State == schemas.FileFailed {
			counts["failed_files"]++
		}
	}
	return counts
}

// Ingest reads the files of one language into <out>/articles.arrow and <out>/deletions.arrow, by id, <out>/rejects.arrow, by
// (file, line), and <out>/files.json. Of several rows of one id the first in (file, line) order stays, and those that differ from it
// are rejects, each of them once; so is a line without a row, however often it stands there. scratch is a folder for
// sorted runs: memory does not grow with the crawl. progress gets the rows read so far.
//
// A file that cannot be read to its end, or with too many rejects, is an InputError. tolerant leaves such a file out
// instead, as if the crawl did not have it, and says so in files.json.
func Ingest(ctx context.Context, f *Folder, files []schemas.CrawlFile, limits schemas.IngestParams, tolerant bool, out, scratch string,
	progress func(int64)) (Ingested, error) {
	limits = limits.Filled()
	if err := limits.Check(); err != nil {
		return Ingested{}, fault.Of(schemas.InvalidInput, err)
	}
	states := make([]schemas.CatalogueFile, len(files))
	for i, c := range files {
		states[i] = schemas.CatalogueFile{Language: c.Language, Split: c.Split, Digest: c.Digest, State: schemas.FileTaken}
	}
	for {
		var good []int
		var left []schemas.CrawlFile
		for i, c := range files {
			if states[i].State == schemas.FileTaken {
				good, left = append(good, i), append(left, c)
			}
		}
		in, err := readLanguage(ctx, f, left, limits, out, scratch, progress)
		in.Files = states
		var input *InputError
		switch {
		case err == nil:
			b, err := json.Marshal(states)
			return in, errors.Join(err, os.WriteFile(filepath.Join(out, "files.json"), b, 0o644))
		case !tolerant || !errors.As(err, &input) || input.Fault == "":
			return in, err
		}
		failed := &states[good[input.file]]
		failed.State, failed.Reason = schemas.FileFailed, input.Fault
		for _, name := range []string{"articles.arrow", "deletions.arrow"} {
			if err := os.RemoveAll(filepath.Join(out, name)); err != nil {
				return in, err
			}
		}
	}
}

// readLanguage is Ingest without files.json, and not tolerant.
func readLanguage(ctx context.Context, f *Folder, files []schemas.CrawlFile, limits schemas.IngestParams, out, scratch string,
	progress func(int64)) (Ingested, error) {
	in := Ingested{Reasons: map[Reason]int64{}}
	perFile := make([]struct{ read, rejected int64 }, len(files))
	s := &sorter{dir: scratch, limit: runBytes}
	reject := func(r Reject) error {
		in.Rejected++
		in.Reasons[r.Reason]++
		perFile[r.File].rejected++
		if in.Rejects = append(in.Rejects, r); len(in.Rejects) > maxRejects {
			return overBudget(f, files, in.Rejects, r.File, fmt.Sprintf("over %d rejects", maxRejects))
		}
		return nil
	}
	faulty := map[[sha256.Size]byte]bool{}
	for i, c := range files {
		blank, err := readFile(ctx, f, c, limits, func(n int64, a Article, r *Reject) error {
			if r != nil && faulty[r.row] { // a line that stands before is no second fault
				in.Repeated++
				return nil
			}
			in.Read++
			perFile[i].read++
			if in.Read%5000 == 0 {
				progress(in.Read)
			}
			if r != nil {
				if r.row != [sha256.Size]byte{} {
					faulty[r.row] = true
				}
				r.File = i
				return reject(*r)
			}
			return s.add(located{a, i, n})
		})
		if input := (*InputError)(nil); errors.As(err, &input) {
			input.file = i
		}
		if err != nil {
			return in, err
		}
		in.Blank += blank
	}
	repeated := func(l located) {
		in.Read--
		in.Repeated++
		perFile[l.File].read--
	}
	if err := in.writeArticles(files, s, out, reject, repeated); err != nil {
		return in, err
	}
	slices.SortFunc(in.Rejects, func(a, b Reject) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	for i := range files {
		if n := perFile[i]; float64(n.rejected) > limits.RejectFraction*float64(n.read) {
			return in, overBudget(f, files, in.Rejects, i, fmt.Sprintf("%d of %d rows rejected, at most %g of them may be (reject_fraction)", n.rejected, n.read, limits.RejectFraction))
		}
	}
	if in.Read != in.Accepted+in.Rejected+in.Deleted {
		return in, fmt.Errorf("ingest: %d rows read, but %d accepted, %d rejected and %d deleted", in.Read, in.Accepted, in.Rejected, in.Deleted)
	}
	progress(in.Read)
	return in, arrowfile.WriteRows(filepath.Join(out, "rejects.arrow"), len(in.Rejects), func(i int) schemas.RejectRow {
		r := in.Rejects[i]
		return schemas.RejectRow{File: files[r.File].Digest, Line: r.Line, Reason: string(r.Reason), Detail: r.Detail}
	})
}

func readFile(ctx context.Context, f *Folder, c schemas.CrawlFile, limits schemas.IngestParams, row func(int64, Article, *Reject) error) (int64, error) {
	packed, check, err := f.Open(c, limits)
	if err != nil {
		return 0, err
	}
	defer packed.Close()
	blank, err := EachRow(ctx, c.Path, packed, limits, row)
	if changed := check(); changed != nil {
		return blank, changed // why a file cannot be read, when it was changed under our hands
	}
	return blank, err
}

func (in *Ingested) writeArticles(files []schemas.CrawlFile, s *sorter, out string, reject func(Reject) error, repeated func(located)) error {
	articles, err := arrowfile.Create[schemas.ArticleRow](filepath.Join(out, "articles.arrow"))
	if err != nil {
		return err
	}
	deletions, err := arrowfile.Create[schemas.DeletionRow](filepath.Join(out, "deletions.arrow"))
	if err != nil {
		return errors.Join(err, articles.Close())
	}
	first, any := located{}, false
	var same map[[sha256.Size]byte]bool // the rows of the first one's id, once there is a second
	err = s.each(func(l located) error {
		if any && l.Article.ID == first.Article.ID {
			if same == nil {
				same = map[[sha256.Size]byte]bool{first.Article.whole(): true}
			}
			sum := l.Article.whole()
			if same[sum] {
				repeated(l)
				return nil
			}
			same[sum] = true
			r := wrong(DuplicateID, "id %s stands in line %d of %s too, with other content", clip(l.Article.ID, 60), first.Line, path.Base(files[first.File].Path))
			r.File, r.Line = l.File, l.Line
			return reject(*r)
		}
		first, any, same = l, true, nil
		a, language := l.Article, files[l.File].Language
		if a.Deleted {
			in.Deleted++
			return deletions.Append(schemas.DeletionRow{Language: language, ID: a.ID})
		}
		in.Accepted++
		return articles.Append(schemas.ArticleRow{Language: language, ID: a.ID, URL: a.URL, Title: a.Title, Summary: a.Summary, Text: a.Text,
			Images: a.Images, Label: files[l.File].Split, Digest: a.Digest()})
	})
	return errors.Join(err, articles.Close(), deletions.Close())
}

// overBudget names the first rejects of a file that has too many.
func overBudget(f *Folder, files []schemas.CrawlFile, rejects []Reject, file int, what string) error {
	var first []string
	for _, r := range rejects {
		if r.File == file && len(first) < 5 {
			first = append(first, fmt.Sprintf("line %d %s (%s)", r.Line, r.Reason, r.Detail))
		}
	}
	fault := fmt.Sprintf("%s: %s; mend the file, or raise ingest.reject_fraction: %s", what, strings.Join(first, "; "), schemas.Give("ingest.reject_fraction", 0.1))
	return &InputError{Budget: true, Fault: fault, file: file, Message: fmt.Sprintf("crawl %s, %s: %s", f.Name, files[file].Path, fault)}
}

// Scratch makes a folder for Ingest and the function that removes it.
func Scratch(parent string) (string, func(), error) {
	dir, err := os.MkdirTemp(parent, "sort-")
	return dir, func() { os.RemoveAll(dir) }, err
}
