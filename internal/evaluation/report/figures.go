package report

import (
	"fmt"
	"slices"
	"strings"

	"crosssum/internal/evaluation/metric"
	"crosssum/internal/mining/gold"
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
	FigureUntranslated     = "untranslated" // articles whose summary is not in their file's language
	FigureSetAside         = "set_aside"
	FigureTemplates        = "templates" // summaries that many articles of a language share
	FigureTemplated        = "templated" // articles with one
	FigureSiblings         = "siblings"  // articles whose summary is another's but for a word
	FigureMojibake         = "mojibake"  // articles with U+FFFD, or UTF-8 that was read as Latin-1
	FigureNearMisses       = "near_misses"
	FigureDuplicates       = "duplicates"
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
	if len(d.Hygiene) > 0 {
		h := sum(d.Hygiene)
		for name, n := range map[string]int64{FigureUntranslated: h.Misplaced, FigureSetAside: h.SetAside, FigureTemplates: h.Templates,
			FigureTemplated: h.Templated, FigureSiblings: h.Siblings, FigureMojibake: h.Mojibake} {
			f[name] = float64(n)
		}
	}
	for _, c := range d.Linked {
		if c.Name == FigureNearMisses || c.Name == FigureDuplicates {
			f[c.Name] = float64(c.N)
		}
	}
	if a := d.Alignment; a != nil {
		judged := func(precision, recall string, j gold.Judged) {
			if j.Accepted > j.Neither { // else there is nothing to judge
				f[precision] = j.Precision
			}
			if j.Gold > 0 {
				f[recall] = j.Recall
			}
		}
		judged(FigurePrecision, FigureRecall, a.All.ByClass)
		judged(FigureKeyPrecision, FigureKeyRecall, a.All.ByKey)
		judged(FigureEnglishPrecision, FigureEnglishRecall, a.English.ByClass)
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

// Table is the short plain text that a terminal shows at the end of a run, 100 columns wide: the stages with what came
// out of them, then the figures. encoder names LaSE.
func Table(stages []schemas.StageProgress, figures map[string]float64, encoder string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %7s %7s %8s  %s\n", "stage", "units", "reused", "time", "out")
	for _, s := range stages {
		var out []string
		for _, name := range slices.Concat(schemas.AboutStage(s.Stage).Out, []string{"rejected", "not_generated", schemas.NotReproducibleSince}) {
			if n, ok := s.Counts[name]; ok {
				out = append(out, count(n)+" "+strings.ReplaceAll(name, "_", " "))
			}
		}
		fmt.Fprintf(&b, "%-12s %7d %7d %8s  %s\n", s.Stage, s.Units, s.Reused, seconds(s.Seconds), strings.Join(out, ", "))
	}
	_, precise := figures[FigurePrecision]
	if _, recalled := figures[FigureRecall]; precise || recalled {
		share := func(name string) string {
			if x, ok := figures[name]; ok {
				return fmt.Sprintf("%.3f", x)
			}
			return "–    " // nothing to judge
		}
		for i, line := range [][3]string{{FigurePrecision, FigureRecall, "by summary class"}, {FigureKeyPrecision, FigureKeyRecall, "by key"},
			{FigureEnglishPrecision, FigureEnglishRecall, "by summary class, English with nine largest others"}} {
			head := [...]string{"\nalignment ", "          ", "          "}[i]
			fmt.Fprintf(&b, "%s    precision %s   recall %s   (%s)\n", head, share(line[0]), share(line[1]), line[2])
		}
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
