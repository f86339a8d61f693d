package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"crosssum/internal/artifact/atomicfile"
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
	plain = strings.ToValidUTF8(plain[:min(len(plain), 80)], "") // where the cut goes through a letter
	return strings.Trim(plain+"-"+hex.EncodeToString(sum[:5]), "-")
}

var (
	plainName = regexp.MustCompile(`^[\pL\pN_][\pL\pM\pN_.-]*$`) // of letters of any script
	notPlain  = regexp.MustCompile(`[^\pL\pM\pN_.-]+`)
)

// layOut makes <Runs>/<run>/ at the end of a run: the files of the stages that have a folder there, as hard links to objects or copies
// where the file system has none, and manifest.json. It is built aside and renamed; an older folder of the same run is replaced.
func (a *Activities) layOut(ctx context.Context, in schemas.LayOutInput) (schemas.LaidOut, error) {
	laid := schemas.LaidOut{Folder: filepath.Join(a.Runs, RunFolder(in.Run))}
	if _, err := a.Store.ReadFirst(schemas.Report.Of(in.Made), "figures.json", &laid.Figures); err != nil {
		return laid, err
	}
	manifest, err := a.manifest(ctx, in, laid.Figures)
	if err != nil {
		return laid, err
	}
	if err := os.MkdirAll(a.Runs, 0o755); err != nil {
		return laid, err
	}
	aside, err := os.MkdirTemp(a.Runs, ".new-")
	if err != nil {
		return laid, err
	}
	defer os.RemoveAll(aside)
	if err := errors.Join(os.Chmod(aside, 0o755), writeJSON(filepath.Join(aside, "manifest.json"), manifest)); err != nil {
		return laid, err
	}
	progress := &schemas.Progress{Stage: schemas.LayOutActivity.Name, Of: "files laid out"}
	for _, stage := range schemas.Registry {
		if stage.Folder == "" {
			continue
		}
		for _, u := range manifest.Stages[stage.Name].Units {
			if err := a.show(ctx, u, filepath.Join(aside, stage.Folder), progress); err != nil {
				return laid, err
			}
			for name := range u.Files {
				if stage.Folder == "." && filepath.Ext(name) == ".html" {
					laid.Page = filepath.Join(laid.Folder, name)
				}
			}
		}
	}
	return laid, atomicfile.Replace(aside, laid.Folder)
}

// show places the files of a unit in a folder, with the timings that a training left.
func (a *Activities) show(ctx context.Context, u schemas.Unit, folder string, progress *schemas.Progress) error {
	for _, name := range slices.Sorted(maps.Keys(u.Files)) {
		if progress.Done++; progress.Done%100 == 1 {
			a.heartbeat(ctx, *progress)
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return fault.New(schemas.CorruptObject, "file %q of a published unit leaves its folder", name)
		}
		if err := a.place(u.Files[name].Digest, filepath.Join(folder, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	if err := atomicfile.Copy(a.timings(u.Key), filepath.Join(folder, timingsFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Manifest is manifest.json of a run: what it was asked, what it read, and every artifact by stage.
type Manifest struct {
	Run    string          `json:"run"`
	Params schemas.Params  `json:"params"`
	Crawl  schemas.Scanned `json:"crawl"`
	// Catalogue is the ledger's entry that a Realign run ended with, and nil for other runs.
	Catalogue *schemas.Entry           `json:"catalogue,omitempty"`
	Rule      string                   `json:"rule"`
	Value     float64                  `json:"threshold"`
	Versions  map[string]int           `json:"stage_versions"`
	Program   string                   `json:"program"`
	Profile   any                      `json:"numerics_profile,omitempty"` // of the worker that laid out the folder
	Figures   map[string]float64       `json:"figures"`
	Stages    map[string]schemas.Index `json:"stages"`
}

func (a *Activities) manifest(ctx context.Context, in schemas.LayOutInput, figures map[string]float64) (Manifest, error) {
	m := Manifest{Run: in.Run, Params: in.Params, Crawl: in.Scanned, Catalogue: in.Catalogue, Rule: in.Rule, Value: in.Threshold, Figures: figures,
		Program: program(), Stages: map[string]schemas.Index{}, Versions: map[string]int{}}
	if a.CPU != nil {
		profile, err := a.CPU.Profile(ctx, in.Params.Numerics)
		if err != nil {
			return m, err
		}
		m.Profile = profile
	}
	for _, s := range schemas.Registry {
		if s.Version > 0 {
			m.Versions[s.Name] = s.Version
		}
	}
	for name, ref := range in.Made {
		index, err := a.Store.Index(ref)
		if err != nil {
			return m, err
		}
		m.Stages[name] = index
	}
	return m, nil
}

// program is the version control revision that this worker was built from, where the build knows it.
func program() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return info.Main.Path + "@" + s.Value
		}
	}
	return info.Main.Path
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
