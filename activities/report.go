package activities

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/debug"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/report"
	"crosssum/schemas"
)

// reportDefinition draws the page of a run; its look-up lays out the run's folder. It is a view: its key holds the workflow id and the
// stages' times, so that every run has its own.
var reportDefinition = definition[schemas.ReportInput]{stage: schemas.Report, plan: planReport, run: runReport}

// planReport also lays out the folder of a run whose page is published but whose folder is not there yet, or not any more:
// the look-up that follows the computing makes it.
func planReport(ctx context.Context, a *Activities, in schemas.ReportInput) ([]unit, error) {
	u := unit{name: "all", material: in, seconds: 5}
	published, err := a.Store.Lookup(schemas.Report.Name, store.Key(schemas.Report.Name, schemas.Report.Version, in))
	if err == nil && !a.laidOut(in.Run, published) {
		err := a.layOut(in, published.Files, func(p schemas.Progress) {
			p.Stage = schemas.Report.PlanName()
			a.heartbeat(ctx, p)
		})
		if err != nil {
			return nil, err
		}
	}
	return []unit{u}, nil
}

func runReport(ctx context.Context, a *Activities, in schemas.ReportInput, _ unit, draft *store.Draft, progress engine.Report) (map[string]int64, error) {
	data, err := report.Gather(ctx, a.Store, in, progress)
	if err == nil && in.Params.Generate.AllowTrained {
		data.Warnings, err = a.flattered(in, data.Warnings)
	}
	if err != nil {
		return nil, err
	}
	page, err := os.Create(filepath.Join(draft.Dir, "report.html"))
	if err != nil {
		return nil, err
	}
	defer page.Close()
	if err := report.Render(page, data); err != nil {
		return nil, err
	}
	if err := page.Close(); err != nil {
		return nil, err
	}
	figures := report.Figures(data)
	if err := writeJSON(filepath.Join(draft.Dir, "figures.json"), figures); err != nil {
		return nil, err
	}
	manifest, err := a.manifest(ctx, in, figures)
	if err != nil {
		return nil, err
	}
	if err := writeJSON(filepath.Join(draft.Dir, "manifest.json"), manifest); err != nil {
		return nil, err
	}
	return map[string]int64{"figures": int64(len(figures))}, nil
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
	Profile   any                      `json:"numerics_profile,omitempty"` // of the worker that made the report
	Figures   map[string]float64       `json:"figures"`
	Stages    map[string]schemas.Index `json:"stages"`
}

func (a *Activities) manifest(ctx context.Context, in schemas.ReportInput, figures map[string]float64) (Manifest, error) {
	m := Manifest{Run: in.Run, Params: in.Params, Crawl: in.Scanned, Rule: in.Rule, Value: in.Threshold, Figures: figures,
		Program: program(), Stages: map[string]schemas.Index{},
		Versions: map[string]int{schemas.Report.Name: schemas.Report.Version}}
	if a.CPU != nil {
		profile, err := a.CPU.Profile(ctx, in.Params.Numerics)
		if err != nil {
			return m, err
		}
		m.Profile = profile
	}
	for _, s := range report.Sealed(in) {
		m.Versions[s.Name] = s.Version
		if s.Ref.Index == "" {
			continue
		}
		index, err := a.Store.Index(s.Ref)
		if err != nil {
			return m, err
		}
		m.Stages[s.Name] = index
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

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
