package report

import (
	"fmt"
	"slices"
	"strings"

	"crosssum/internal/metric"
	"crosssum/schemas"
)

// Names of figures: what people ask for first, as numbers. ROUGE and LaSE are times 100, precision and recall fractions.
const (
	FigureArticles         = "articles"
	FigureLanguages        = "languages"
	FigureSamples          = "samples"
	FigurePairs            = "pairs"
	FigurePrecision        = "alignment_precision"
	FigureRecall           = "alignment_recall"
	FigureKeyPrecision     = "alignment_precision_by_key"
	FigureKeyRecall        = "alignment_recall_by_key"
	FigureEnglishPrecision = "alignment_precision_english" // English with the others of the ten largest languages
	FigureEnglishRecall    = "alignment_recall_english"
	FigureLoss             = "training_loss"
	FigureSteps            = "training_steps"
	FigureGenerated        = "generated"
	FigureNotGenerated     = "not_generated"
)

// Figures are the run's figures.json. What the run does not have is absent. Scores have the names
// "<kind>_<measure>" with kind in_language, cross_lingual and all, and measure rouge1, rouge2, rougeL, lase,
// lase_shuffled, lead_rouge2, lead_lase, samples.
func Figures(d Data) map[string]float64 {
	f := map[string]float64{FigureLanguages: float64(len(d.Languages))}
	for _, l := range d.Languages {
		f[FigureArticles] += float64(l.Accepted)
	}
	for _, p := range d.Pairs {
		f[FigureSamples] += float64(p.Samples)
		if p.Source != p.Target {
			f[FigurePairs]++
		}
	}
	if a := d.Alignment; a != nil {
		f[FigurePrecision], f[FigureRecall] = a.All.ByClass.Precision, a.All.ByClass.Recall
		f[FigureKeyPrecision], f[FigureKeyRecall] = a.All.ByKey.Precision, a.All.ByKey.Recall
		f[FigureEnglishPrecision], f[FigureEnglishRecall] = a.English.ByClass.Precision, a.English.ByClass.Recall
	}
	if n := len(d.Training); n > 0 {
		f[FigureLoss], f[FigureSteps] = d.Training[n-1].Loss, float64(d.Training[n-1].Step)
	}
	for _, m := range d.NotGenerated {
		f[FigureNotGenerated] += float64(m.NotGenerated)
	}
	if s := d.Scores; s != nil {
		f[FigureGenerated] = float64(s.All.N)
		for kind, g := range map[string]metric.Group{"in_language": s.InLanguage, "cross_lingual": s.CrossLingual, "all": s.All} {
			if g.N == 0 {
				continue
			}
			for name, x := range map[string]float64{"samples": float64(g.N), "rouge1": g.Rouge1, "rouge2": g.Rouge2, "rougeL": g.RougeL,
				"lase": g.LaSE, "lase_shuffled": g.LaSEShuffled, "lead_rouge2": g.LeadRouge2, "lead_lase": g.LeadLaSE} {
				f[kind+"_"+name] = x
			}
		}
	}
	return f
}

// Outputs are the counts of a stage that say what came out of it, in the order in which they are shown.
var Outputs = map[string][]string{
	"ingest": {"accepted"}, "embed": {"rows"}, "neighbours": {"neighbours"}, "link": {"accepted", "components"},
	"split_dedup": {"train", "val", "test", "samples"}, "export": {"samples", "files"}, "train": {"steps"},
	"generate": {"samples"}, "score": {"samples"},
}

// Table is the short plain text that a terminal shows at the end of a run, 100 columns wide: the stages with what came
// out of them, then the figures. encoder names LaSE.
func Table(stages []schemas.StageProgress, figures map[string]float64, encoder string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %7s %7s %8s  %s\n", "stage", "units", "reused", "time", "out")
	for _, s := range stages {
		var out []string
		for _, name := range slices.Concat(Outputs[s.Stage], []string{"rejected", "not_generated"}) {
			if n, ok := s.Counts[name]; ok {
				out = append(out, count(n)+" "+strings.ReplaceAll(name, "_", " "))
			}
		}
		fmt.Fprintf(&b, "%-12s %7d %7d %8s  %s\n", s.Stage, s.Units, s.Reused, seconds(s.Seconds), strings.Join(out, ", "))
	}
	if p, ok := figures[FigurePrecision]; ok {
		fmt.Fprintf(&b, "\nalignment     precision %.3f   recall %.3f   (by summary class)\n", p, figures[FigureRecall])
		fmt.Fprintf(&b, "              precision %.3f   recall %.3f   (by key)\n", figures[FigureKeyPrecision], figures[FigureKeyRecall])
		fmt.Fprintf(&b, "              precision %.3f   recall %.3f   (by summary class, English with nine largest others)\n", figures[FigureEnglishPrecision], figures[FigureEnglishRecall])
	}
	if figures[FigureGenerated] == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "\n%-14s %8s %9s %9s %24s %9s %9s\n", "", "samples", "ROUGE-2", "lead", "LaSE ("+encoder+")", "shuffled", "lead")
	for _, kind := range []string{"cross_lingual", "in_language", "all"} {
		n, ok := figures[kind+"_samples"]
		if !ok {
			continue
		}
		f := func(name string) float64 { return figures[kind+"_"+name] }
		fmt.Fprintf(&b, "%-14s %8.0f %9.2f %9.2f %24.2f %9.2f %9.2f\n", strings.ReplaceAll(kind, "_", "-"), n, f("rouge2"), f("lead_rouge2"),
			f("lase"), f("lase_shuffled"), f("lead_lase"))
	}
	return b.String()
}
