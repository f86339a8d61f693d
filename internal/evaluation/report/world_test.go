package report

import (
	"fmt"
	"math"
	"math/rand/v2"

	"crosssum/internal/evaluation/metric"
	"crosssum/internal/mining/gold"
	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

// world is a run of plausible size: 26 languages with a long tail.
func world() Data {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"english", "german", "french", "italian", "danish", "portuguese_brazil", "russian", "spanish", "ukrainian", "dutch", "polish", "swedish",
		"japanese", "chinese_simplified", "korean", "turkish", "finnish", "hungarian", "czech", "slovak", "vietnamese", "arabic", "persian", "hindi", "thai", "serbian_cyrillic"}
	d := Data{Run: "demo-2026-11-22", Params: schemas.Demo(), Rule: "margin", Threshold: 1.06, Crawl: schemas.Scanned{Crawl: "sample", Digest: fmt.Sprintf("%064x", 255)},
		Alignment: &gold.Result{Corpus: gold.Corpus{Judged: 11000, NotInGold: 35, SharedClass: 412, Untranslated: 230},
			All: gold.Aggregate{LanguagePairs: 325, ByKey: gold.Judged{Accepted: 9400, Right: 9130, Gold: 9900, Found: 9012, Precision: 0.9713, Recall: 0.9103},
				ByClass: gold.Judged{Accepted: 9400, Neither: 12, Right: 9301, Gold: 9900, Found: 9108, Precision: 0.9895, Recall: 0.92},
				Wrong:   gold.Reasons{Sibling: 50, Untranslated: 9, Ambiguous: 20, NoCounterpart: 8}, Missed: gold.Reasons{Sibling: 400, Other: 392}},
			English: gold.Aggregate{LanguagePairs: 9, ByClass: gold.Judged{Precision: 0.993, Recall: 0.951}}}}
	size := map[string]float64{}
	for i, n := range names {
		size[n] = 2000 * math.Pow(0.82, float64(i))
		got := int64(size[n])
		d.Languages = append(d.Languages, Language{n, got + 7, got, 7, got * 8 / 10, got / 10, got / 10})
	}
	s := metric.Summary{LaSEName: "LaSE (multilingual-e5-small)", Encoder: "multilingual-e5-small"}
	var rows []schemas.ScoredRow
	for i, a := range names {
		for j, b := range names {
			n := int64(math.Min(size[a], size[b]) * (0.3 + 0.5*r.Float64()))
			if n < 3 {
				continue
			}
			d.Pairs = append(d.Pairs, PairSize{a, b, n * 4, n * 3, n / 10})
			if i < j {
				d.Alignment.Pairs = append(d.Alignment.Pairs, gold.LanguagePair{Source: a, Target: b,
					ByClass: gold.Judged{Gold: n, Accepted: n, Precision: 1 - 0.1*r.Float64()*r.Float64(), Recall: 1 - 0.3*r.Float64()*r.Float64()}})
			}
			for range min(int(n)/60, 6) {
				rouge := 4 + 8*r.Float64()
				if a == b {
					rouge *= 2
				}
				rows = append(rows, schemas.ScoredRow{SourceLanguage: a, TargetLanguage: b, SourceID: "x1f3", Generated: "kamera- ja valokuvaohjelma", Reference: "photo viewer and organiser",
					Figures: schemas.Figures{Rouge1: 2 * rouge, Rouge2: rouge, RougeL: 2 * rouge, LaSE: 60 + 20*r.Float64(), MS: 88, LC: 85, LP: 97, LaSEShuffled: 58, LeadRouge2: 3 * r.Float64(), LeadLaSE: 20}})
			}
		}
	}
	s = metric.Summarize(rows, "multilingual-e5-small", 1)
	d.Scores = &s
	for step := range 80 {
		x := float64(step + 1)
		if (step+1)%20 == 0 {
			d.Validations = append(d.Validations, Validation{int64(step + 1), 200, 3.4 + 2*math.Exp(-x/25), 8 - 7*math.Exp(-x/30)})
		}
		d.Training = append(d.Training, Step{int64(step + 1), 3.1 + 2*math.Exp(-x/25) + 0.2*r.Float64(), 0.06 * math.Min(1/math.Sqrt(x), x*math.Pow(8, -1.5))})
	}
	for b := range 60 {
		v := 0.9 + float64(b)/100
		bin := link.Bin{From: v, To: v + 0.01, Pairs: int64(4000*math.Exp(-math.Pow((v-0.97)/0.03, 2)) + 900*math.Exp(-math.Pow((v-1.2)/0.08, 2)))}
		if v >= 1.06 {
			bin.Accepted = bin.Pairs
		}
		d.Histogram.Bins = append(d.Histogram.Bins, bin)
	}
	d.Histogram.Measure, d.Histogram.Threshold = "margin", 1.06
	near := NearPair{link.Example{SourceLanguage: "english", SourceID: "e1", TargetLanguage: "german", TargetID: "g1", Score: 0.871, Margin: 1.0612, Rule: "margin"}, "command line tool to convert between image formats", "Befehlszeilenwerkzeug zum Umwandeln von Bildformaten"}
	d.Above = []NearPair{near, near, near}
	d.Linked = []Count{{"accepted", 9400}, {"near_misses", 731}}
	d.Warnings = []string{"$.align.threshold is 0.735, and the one calibrated for it is 1.02"}
	d.Hygiene = []Hygiene{{Name: "danish", Articles: 1900, Misplaced: 41, Templates: 3, Templated: 17, Siblings: 812, Duplicates: 22, Mojibake: 2},
		{Name: "english", Articles: 2000, Templates: 4, Templated: 21, Siblings: 790, Duplicates: 31, Mojibake: 1, ReplacementCharacters: 1},
		{Name: "burmese", Zawgyi: 5}}
	d.Misplaced = []Misplaced{{"danish", "x", "english", "", 0.91, "Visual Voicemail <Daemon>"}}
	d.Below = []NearPair{near, near}
	for i := range 10 {
		row := rows[i*len(rows)/10]
		d.Samples = append(d.Samples, row)
		d.Sources = append(d.Sources, "Shotwell is a digital photo organizer designed for the desktop. It imports photos from disk or camera, organizes them by date and subject matter, even ratings. It offers basic photo editing. <script>alert(1)</script>")
	}
	d.Samples[3].Generated, d.Samples[3].TargetLanguage = "برنامج لتنظيم الصور الرقمية", "arabic"
	d.Rejects = []Count{{"duplicate_id", 14}, {"empty_summary", 3}, {"invalid_utf8", 2}}
	d.Splits = []Count{{"train hash", 9000}, {"test hash", 1100}, {"val hash", 1080}, {"dropped exact_duplicate", 12}}
	for i, n := range []string{"ingest", "embed", "neighbours", "link", "split_dedup", "export", "train", "generate", "score"} {
		d.Stages = append(d.Stages, Stage{Name: n, State: "done", Units: 26 * (i + 1), Reused: i, Seconds: float64(i*i) * 3.4, In: []Count{{"articles", 11034}}, Out: []Count{{"accepted", 9400}, {"components", 3120}},
			Other: []Count{{"rejected", 19}}, Digest: fmt.Sprintf("%064x", i)})
	}
	for i, p := range d.Pairs {
		if i%5 == 0 {
			d.NotGenerated = append(d.NotGenerated, Missed{p.Source + "-" + p.Target, p.Test % 4, p.Test})
		}
	}
	return d
}
