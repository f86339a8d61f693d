package workflows

import (
	"crosssum/schemas"

	"go.temporal.io/sdk/workflow"
)

// Calibrate mines a crawl up to its neighbour lists and judges the accepting rule at many thresholds against known pairs. It
// asks for no threshold of the encoder's card, since it is what a card's threshold comes from.
func Calibrate(ctx workflow.Context, raw schemas.RawParams) (schemas.CalibrateResult, error) {
	asked, err := schemas.DecodeCalibrate(raw)
	if err != nil {
		return schemas.CalibrateResult{}, invalid(err)
	}
	asked.Align.Threshold = new(float64)
	r, err := open(ctx, asked.Params, schemas.CalibrateWorkflow)
	if err != nil {
		return schemas.CalibrateResult{}, err
	}
	r.ingest(asked.Gold)
	r.search(nil)
	p := r.params
	calibrated := run(r, schemas.Calibrate, schemas.CalibrateInput{Encoder: p.Encoder.Name, Scanned: r.scanned,
		Articles: r.articles, Neighbours: r.neighbours, Rule: p.Align.Rule, DuplicateThreshold: r.duplicate, Neighbour: p.Align.Neighbours,
		Precision: asked.Precision, Seed: p.Seed})
	text := call(r, schemas.CalibrationActivity, "the curve", schemas.CalibrationInput{Calibration: calibrated, Card: r.settings.Card})
	laid := r.layOut(schemas.LayOutInput{ReportInput: r.made()})
	return schemas.CalibrateResult{Folder: laid.Folder, Page: laid.Page, CalibrationText: text, Stages: r.progress()}, r.err
}
