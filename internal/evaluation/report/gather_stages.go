package report

import (
	"slices"

	"crosssum/schemas"
)

// stagesOf lists the stages before the report, with what went into them and what came out.
func stagesOf(in schemas.ReportInput) []Stage {
	pick := func(stage string, names []string) (out []Count) {
		for _, name := range names {
			if n, ok := in.Made[stage].Counts[name]; ok {
				out = append(out, Count{Name: name, N: n})
			}
		}
		return out
	}
	var out []Stage
	for _, s := range schemas.RowsOf(schemas.PipelineWorkflow) {
		if s.Version == 0 || s.Name == schemas.Report.Name {
			continue // no stage, or the one at work
		}
		ref := in.Made[s.Name]
		stage := Stage{Name: s.Name, State: "done", Unit: s.Unit, Units: ref.Units, Digest: ref.Index, In: pick(s.From, s.In), Out: pick(s.Name, s.Out)}
		if ref.Index == "" {
			stage.State = "not run"
		}
		for _, p := range in.Stages {
			if p.Stage == s.Name {
				stage.Reused, stage.Seconds = p.Reused, p.Seconds
			}
		}
		shown := s.Out
		if s.From == s.Name {
			shown = slices.Concat(s.In, s.Out)
		}
		stage.Other = slices.DeleteFunc(byName(ref.Counts), func(c Count) bool { return slices.Contains(shown, c.Name) })
		out = append(out, stage)
	}
	return out
}
