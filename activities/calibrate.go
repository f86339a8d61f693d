package activities

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/report"
	"crosssum/internal/fault"
	"crosssum/internal/mining/gold"
	"crosssum/schemas"
)

// calibrateMaterial is all that the curve and its page depend on.
type calibrateMaterial struct {
	Link      linkMaterial `json:"link"` // without a threshold
	Gold      string       `json:"gold"` // digest
	Precision float64      `json:"precision"`
	Seed      uint64       `json:"seed"`
	Resamples int          `json:"resamples"`
	Encoder   string       `json:"encoder"` // names on the page
	Crawl     string       `json:"crawl"`
}

// calibrating judges an accepting rule at many thresholds against known pairs.
type calibrating struct {
	linking // whose threshold is looked for
	whole
	in schemas.CalibrateInput
}

func openCalibrate(o *opening, in schemas.CalibrateInput) work {
	o.err = errors.Join(o.err, known(in.Scanned))
	return calibrating{o.linking(schemas.LinkInput{Articles: in.Articles, Neighbours: in.Neighbours, Rule: in.Rule,
		DuplicateThreshold: in.DuplicateThreshold, Neighbour: in.Neighbour, Evidence: in.Evidence}), 10, in}
}

// known is an error where there are no known pairs to judge by.
func known(scanned schemas.Scanned) error {
	if scanned.GoldFault != "" {
		return fault.New(schemas.InvalidInput, "%s: mend it, or give other known pairs with --gold", scanned.GoldFault)
	}
	if scanned.Gold == "" {
		return fault.New(schemas.InvalidInput, "crawl %s comes without known pairs (gold/%s.tsv.gz beside its folder): give a file with --gold",
			scanned.Crawl, scanned.Crawl)
	}
	return nil
}

// judgeable is an error where the known pairs of a crawl are not there, or cannot be read.
func (a *Activities) judgeable(scanned schemas.Scanned) error {
	if err := known(scanned); err != nil {
		return err
	}
	path, err := a.Store.Path(scanned.Gold)
	if err != nil {
		return err
	}
	_, err = gold.Read(path)
	return err
}

func (w calibrating) material(unit string) any {
	return calibrateMaterial{Link: w.linking.material(unit).(linkMaterial), Gold: w.in.Scanned.Gold, Precision: w.in.Precision, Seed: w.in.Seed,
		Resamples: gold.Resamples, Encoder: w.in.Encoder, Crawl: w.in.Scanned.Crawl}
}

func (w calibrating) run(_ context.Context, _ schemas.WorkUnit, draft *store.Draft, progress engine.Report) (map[string]int64, error) {
	links, err := w.input()
	if err != nil {
		return nil, err
	}
	path, err := w.Store.Path(w.in.Scanned.Gold)
	if err != nil {
		return nil, err
	}
	curve, err := gold.Calibrate(gold.Calibration{Input: links, Gold: path, Precision: w.in.Precision, Seed: w.in.Seed}, func(done, total int) {
		progress(schemas.Progress{Done: int64(done), Total: int64(total), Of: "steps"})
	})
	if err != nil {
		return nil, err
	}
	curve.Crawl, curve.Encoder = w.in.Scanned.Crawl, w.in.Encoder
	var page bytes.Buffer
	if err := errors.Join(report.RenderCalibration(&page, curve), os.WriteFile(filepath.Join(draft.Dir, "calibration.html"), page.Bytes(), 0o644)); err != nil {
		return nil, err
	}
	counts := map[string]int64{"thresholds": int64(len(curve.Points)), "clusters": int64(curve.Clusters)}
	return counts, writeJSON(filepath.Join(draft.Dir, "curve.json"), curve)
}

// calibration renders a sealed calibration for a terminal, and the card that it advises.
func (a *Activities) calibration(_ context.Context, in schemas.CalibrationInput) (schemas.CalibrationText, error) {
	var curve schemas.Calibration
	_, err := a.Store.ReadFirst(in.Calibration, "curve.json", &curve)
	if err != nil {
		return schemas.CalibrationText{}, err
	}
	return schemas.CalibrationText{Table: report.CalibrationTable(curve), Card: cardText(in.Card, curve)}, nil
}

// cardText is the card with the threshold at which all pairs reach the wanted precision; as it was, if they never do.
func cardText(card schemas.EncoderCard, curve schemas.Calibration) string {
	i := slices.IndexFunc(curve.Advice, func(a schemas.Advice) bool { return a.Pairs == "all" && !a.LowerBound && a.Reached })
	if i < 0 {
		return ""
	}
	thresholds := map[string]float64{}
	maps.Copy(thresholds, card.Thresholds)
	thresholds[curve.Rule] = curve.Advice[i].Threshold
	if curve.Model != nil { // its threshold is the precision itself
		if _, err := curve.Model.Cut(curve.Precision); err != nil {
			return ""
		}
		thresholds[curve.Rule], card.Evidence = curve.Precision, curve.Model
	}
	if card.Rule == "" {
		card.Rule = curve.Rule
	}
	if curve.Measure != "cosine" || card.Neighbours == 0 {
		card.Neighbours = curve.Neighbours
	}
	if curve.Duplicate <= 1 {
		card.Duplicate = curve.Duplicate
	}
	var list []string
	for _, rule := range slices.Sorted(maps.Keys(thresholds)) {
		list = append(list, fmt.Sprintf("%s: %v", rule, thresholds[rule]))
	}
	text := fmt.Sprintf("crosssum:\n  rule: %s\n  neighbours: %d\n  thresholds: {%s}\n", card.Rule, card.Neighbours, strings.Join(list, ", "))
	if card.Duplicate != 0 {
		text += fmt.Sprintf("  duplicate_threshold: %v\n", card.Duplicate)
	}
	if m := card.Evidence; m != nil {
		var weights, cuts []string
		for _, name := range schemas.EvidenceFeatures {
			weights = append(weights, fmt.Sprintf("%s: %v", name, m.Weights[name]))
		}
		for _, cut := range m.Cuts {
			cuts = append(cuts, fmt.Sprintf("{precision: %v, probability: %v}", cut.Precision, cut.Probability))
		}
		text += fmt.Sprintf("  evidence:\n    bias: %v\n    weights: {%s}\n    cuts: [%s]\n", m.Bias, strings.Join(weights, ", "), strings.Join(cuts, ", "))
	}
	return text
}
