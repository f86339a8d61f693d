package report

import (
	"maps"
	"slices"

	"crosssum/schemas"
)

// SealedStage is a stage that the report reads, in the order the data takes.
type SealedStage struct {
	Name, Unit string
	Version    int
	Ref        schemas.Ref
}

// Sealed lists the stages of a run.
func Sealed(in schemas.ReportInput) []SealedStage {
	ingested := refOf(schemas.Ingest, in.Ingested)
	if in.Ingested.Stage == schemas.Merge.Name {
		ingested = refOf(schemas.Merge, in.Ingested)
	}
	return []SealedStage{
		ingested, refOf(schemas.Identify, in.Identified), refOf(schemas.Screen, in.Articles), refOf(schemas.Embed, in.Embeddings), refOf(schemas.Neighbours, in.Neighbours),
		refOf(schemas.Link, in.Links), refOf(schemas.SplitDedup, in.Splits), refOf(schemas.Export, in.Dataset),
		refOf(schemas.Tokenize, in.Tokens), refOf(schemas.Train, in.Model), refOf(schemas.Generate, in.Generations), refOf(schemas.Score, in.Scores),
	}
}

func refOf[In any](s schemas.Stage[In], ref schemas.Ref) SealedStage {
	return SealedStage{s.Name, s.Unit, s.Version, ref}
}

// inputs names what went into a stage: counts of the stage that it reads.
var inputs = map[string]struct {
	of    string
	names []string
}{
	"ingest": {"ingest", []string{"read"}}, "identify": {"ingest", []string{"accepted"}}, "screen": {"identify", []string{"rows"}}, "embed": {"screen", []string{"articles"}}, "neighbours": {"embed", []string{"rows"}},
	"link": {"neighbours", []string{"neighbours"}}, "split_dedup": {"screen", []string{"articles"}}, "export": {"split_dedup", []string{"samples"}},
	"tokenize": {"screen", []string{"articles"}},
	"train":    {"split_dedup", []string{"samples_train"}}, "generate": {"split_dedup", []string{"samples_test"}}, "score": {"generate", []string{"samples"}},
}

func stagesOf(in schemas.ReportInput) []Stage {
	refs := Sealed(in)
	counts := map[string]map[string]int64{}
	for _, s := range refs {
		counts[s.Name] = s.Ref.Counts
	}
	pick := func(stage string, names []string) (out []Count) {
		for _, name := range names {
			if n, ok := counts[stage][name]; ok {
				out = append(out, Count{Name: name, N: n})
			}
		}
		return out
	}
	var out []Stage
	for _, s := range refs {
		stage := Stage{Name: s.Name, State: "done", Unit: s.Unit, Units: s.Ref.Units, Digest: s.Ref.Index}
		if s.Ref.Index == "" {
			stage.State = "not run"
		}
		for _, p := range in.Stages {
			if p.Stage == s.Name {
				stage.Reused, stage.Seconds = p.Reused, p.Seconds
			}
		}
		from, shown := inputs[s.Name], map[string]bool{}
		stage.In = pick(from.of, from.names)
		stage.Out = pick(s.Name, Outputs[s.Name])
		for _, c := range stage.Out {
			shown[c.Name] = true
		}
		for _, c := range stage.In {
			shown[c.Name] = shown[c.Name] || from.of == s.Name
		}
		for _, name := range slices.Sorted(maps.Keys(s.Ref.Counts)) {
			if !shown[name] {
				stage.Other = append(stage.Other, Count{Name: name, N: s.Ref.Counts[name]})
			}
		}
		out = append(out, stage)
	}
	return out
}
