package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/report"
	"crosssum/schemas"
)

// reporting draws the page of a run. It is a view: its key holds the workflow id and the stages' times, so that every run has its own.
type reporting struct {
	*Activities
	whole
	in schemas.ReportInput
}

func openReport(o *opening, in schemas.ReportInput) work { return reporting{o.Activities, 5, in} }

func (w reporting) material(string) any { return w.in }

func (w reporting) run(ctx context.Context, _ schemas.WorkUnit, draft *store.Draft, progress engine.Report) (map[string]int64, error) {
	data, err := report.Gather(ctx, w.Store, w.in, progress)
	if err == nil && w.in.Params.Generate.AllowTrained {
		data.Warnings, err = w.flattered(w.in, data.Warnings)
	}
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := errors.Join(report.Render(&page, data), os.WriteFile(filepath.Join(draft.Dir, "report.html"), page.Bytes(), 0o644)); err != nil {
		return nil, err
	}
	figures := report.Figures(data)
	return map[string]int64{"figures": int64(len(figures))}, writeJSON(filepath.Join(draft.Dir, "figures.json"), figures)
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
