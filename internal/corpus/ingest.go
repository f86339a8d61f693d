package corpus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"crosssum/internal/arrowfile"
	"crosssum/schemas"
)

// maxRejects bounds the quarantine of one language in memory.
const maxRejects = 1_000_000

// Ingested counts one language. Read = Accepted + Rejected; blank lines are not rows.
type Ingested struct {
	Read, Accepted, Rejected, Blank int64
	Reasons                         map[Reason]int64
	Rejects                         []Reject // in (file, line) order
}

// Counts names the figures as the ingest stage reports them: read, accepted, rejected, blank, rejected_<reason>.
func (in Ingested) Counts() map[string]int64 {
	counts := map[string]int64{"read": in.Read, "accepted": in.Accepted, "rejected": in.Rejected, "blank": in.Blank}
	for reason, n := range in.Reasons {
		counts["rejected_"+string(reason)] = n
	}
	return counts
}

// Ingest reads the files of one language into <out>/articles.arrow, by id, and <out>/rejects.arrow, by (file, line). Of
// two rows of one id the first in (file, line) order stays. scratch is a folder for sorted runs: memory does not grow with
// the crawl. progress gets the rows read so far.
func Ingest(ctx context.Context, f *Folder, files []schemas.CrawlFile, limits Limits, out, scratch string, progress func(int64)) (Ingested, error) {
	in := Ingested{Reasons: map[Reason]int64{}}
	perFile := make([]struct{ read, rejected int64 }, len(files))
	s := &sorter{dir: scratch, limit: runBytes}
	reject := func(r Reject) error {
		in.Rejected++
		in.Reasons[r.Reason]++
		if r.Reason != Withdrawn {
			perFile[r.File].rejected++
		}
		if in.Rejects = append(in.Rejects, r); len(in.Rejects) > maxRejects {
			return overBudget(f, files[r.File], in.Rejects, r.File, fmt.Sprintf("over %d rejects", maxRejects))
		}
		return nil
	}
	for i, c := range files {
		blank, err := readFile(ctx, f, c, limits, func(n int64, a Article, r *Reject) error {
			in.Read++
			perFile[i].read++
			if in.Read%5000 == 0 {
				progress(in.Read)
			}
			if r != nil {
				r.File = i
				return reject(*r)
			}
			return s.add(located{a, i, n})
		})
		if err != nil {
			return in, err
		}
		in.Blank += blank
	}
	if err := in.writeArticles(files, s, filepath.Join(out, "articles.arrow"), reject); err != nil {
		return in, err
	}
	sort.Slice(in.Rejects, func(i, j int) bool {
		a, b := in.Rejects[i], in.Rejects[j]
		return a.File < b.File || a.File == b.File && a.Line < b.Line
	})
	for i, c := range files {
		if n := perFile[i]; float64(n.rejected) > limits.RejectFraction*float64(n.read) {
			return in, overBudget(f, c, in.Rejects, i, fmt.Sprintf("%d of %d rows rejected, at most %g of them may be (reject_fraction)", n.rejected, n.read, limits.RejectFraction))
		}
	}
	if in.Read != in.Accepted+in.Rejected {
		return in, fmt.Errorf("ingest %s: %d rows read, but %d accepted and %d rejected", files[0].Language, in.Read, in.Accepted, in.Rejected)
	}
	progress(in.Read)
	return in, writeRejects(filepath.Join(out, "rejects.arrow"), files, in.Rejects)
}

func readFile(ctx context.Context, f *Folder, c schemas.CrawlFile, limits Limits, row func(int64, Article, *Reject) error) (int64, error) {
	packed, check, err := f.Open(c)
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

func (in *Ingested) writeArticles(files []schemas.CrawlFile, s *sorter, path string, reject func(Reject) error) error {
	w, err := arrowfile.Create(path, schemas.Article, true)
	if err != nil {
		return err
	}
	last, any := located{}, false
	err = s.each(func(l located) error {
		if any && l.Article.ID == last.Article.ID {
			return reject(Reject{File: l.File, Line: l.Line, Reason: DuplicateID,
				Detail: wrong(DuplicateID, "id %s stands in line %d of %s too", clip(l.Article.ID, 60), last.Line, files[last.File].Digest[:12]).detail})
		}
		last, any = l, true
		in.Accepted++
		a := l.Article
		images := a.Images
		if images == nil {
			images = []string{}
		}
		return w.Append(files[l.File].Language, a.ID, a.URL, a.Title, a.Summary, a.Text, images, files[l.File].Split, a.Digest())
	})
	if closing := w.Close(); err == nil {
		err = closing
	}
	return err
}

func writeRejects(path string, files []schemas.CrawlFile, rejects []Reject) error {
	w, err := arrowfile.Create(path, schemas.Reject, true)
	if err != nil {
		return err
	}
	for _, r := range rejects {
		if err := w.Append(files[r.File].Digest, r.Line, string(r.Reason), r.Detail); err != nil {
			return err
		}
	}
	return w.Close()
}

// overBudget names the first rejects of a file that has too many.
func overBudget(f *Folder, c schemas.CrawlFile, rejects []Reject, file int, what string) error {
	var first []string
	for _, r := range rejects {
		if r.File == file && r.Reason != Withdrawn && len(first) < 5 {
			first = append(first, fmt.Sprintf("line %d %s (%s)", r.Line, r.Reason, r.Detail))
		}
	}
	return &InputError{Budget: true, Message: fmt.Sprintf("crawl %s, %s: %s: %s; mend the file, or raise ingest.reject_fraction",
		f.Name, c.Path, what, strings.Join(first, "; "))}
}

// Scratch makes a folder for Ingest and the function that removes it.
func Scratch(parent string) (string, func(), error) {
	dir, err := os.MkdirTemp(parent, "sort-")
	return dir, func() { os.RemoveAll(dir) }, err
}
