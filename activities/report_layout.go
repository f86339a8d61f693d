package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// RunFolder is the name of a run's folder under Runs: its workflow id, or where that is not a plain name, what is plain of
// it with a piece of its digest. It never leaves Runs.
func RunFolder(run string) string {
	if plainName.MatchString(run) && len(run) <= 120 {
		return run
	}
	sum := sha256.Sum256([]byte(run))
	plain := strings.Trim(notPlain.ReplaceAllString(run, "-"), "-.")
	return strings.Trim(plain[:min(len(plain), 80)]+"-"+hex.EncodeToString(sum[:5]), "-")
}

var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	notPlain  = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)
)

// laidOut tells whether the folder of a run is that of the published report.
func (a *Activities) laidOut(run string, report schemas.Unit) bool {
	b, err := os.ReadFile(filepath.Join(a.Runs, RunFolder(run), "manifest.json"))
	if err != nil {
		return false
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]) == report.Files["manifest.json"].Digest
}

// layOut makes <Runs>/<run>/ with dataset/, model/, scores/, report.html, figures.json and manifest.json: hard links to
// objects, or copies where the file system has none. It is built aside and renamed; an older folder of the same run is
// replaced.
func (a *Activities) layOut(in schemas.ReportInput, report map[string]schemas.File, progress engine.Report) error {
	if err := os.MkdirAll(a.Runs, 0o755); err != nil {
		return err
	}
	aside, err := os.MkdirTemp(a.Runs, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside)
	if err := os.Chmod(aside, 0o755); err != nil {
		return err
	}
	done := int64(0)
	place := func(folder string, files map[string]schemas.File) error {
		for _, name := range sortedNames(files) {
			if done++; done%100 == 0 {
				progress(schemas.Progress{Done: done, Of: "files laid out"})
			}
			if !filepath.IsLocal(filepath.FromSlash(name)) {
				return fault.New(schemas.CorruptObject, "file %q of a published unit leaves its folder", name)
			}
			if err := a.place(files[name].Digest, filepath.Join(aside, folder, filepath.FromSlash(name))); err != nil {
				return err
			}
		}
		return nil
	}
	for _, part := range []struct {
		folder string
		ref    schemas.Ref
	}{{"dataset", in.Dataset}, {"model", in.Model}, {"scores", in.Scores}} {
		if part.ref.Index == "" {
			continue
		}
		index, err := a.Store.Index(part.ref)
		if err != nil {
			return err
		}
		for _, u := range index.Units {
			if err := place(part.folder, u.Files); err != nil {
				return err
			}
			if part.folder == "model" {
				if err := atomicfile.Copy(a.timings(u.Key), filepath.Join(aside, "model", timingsFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
					return err
				}
			}
		}
	}
	if err := place(".", report); err != nil {
		return err
	}
	return atomicfile.Replace(aside, filepath.Join(a.Runs, RunFolder(in.Run)))
}

// layOutRun makes the folder of a run that has no report: what it made, with a manifest of it. A retry replaces what it finds.
func (a *Activities) layOutRun(ctx context.Context, made schemas.ReportInput, entry *schemas.Entry, activity string) error {
	manifest, err := a.manifest(ctx, made, nil)
	if err != nil {
		return err
	}
	manifest.Catalogue = entry
	draft, err := a.Store.Draft()
	if err != nil {
		return err
	}
	defer draft.Close()
	path := filepath.Join(draft.Dir, "manifest.json")
	if err := writeJSON(path, manifest); err != nil {
		return err
	}
	file, err := a.Store.Put(path)
	if err != nil {
		return err
	}
	return a.layOut(made, map[string]schemas.File{"manifest.json": file}, func(p schemas.Progress) {
		p.Stage = activity
		a.heartbeat(ctx, p)
	})
}

// place links or copies an object to path.
func (a *Activities) place(digest, path string) error {
	object, err := a.Store.Path(digest)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if os.Link(object, path) == nil {
		return nil
	}
	return atomicfile.Copy(object, path)
}

func sortedNames(files map[string]schemas.File) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
