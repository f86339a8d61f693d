package workflows

import (
	"crosssum/schemas"

	"go.temporal.io/sdk/workflow"
)

// calibrateStages are the stages of Calibrate in order.
var calibrateStages = []stageRow{
	{schemas.ScanActivity, "crawl"}, {schemas.Ingest.Name, schemas.Ingest.Unit}, {schemas.Identify.Name, schemas.Identify.Unit},
	{schemas.Screen.Name, schemas.Screen.Unit}, {schemas.Embed.Name, schemas.Embed.Unit},
	{schemas.Neighbours.Name, schemas.Neighbours.Unit}, {schemas.Calibrate.Name, schemas.Calibrate.Unit},
}

// Calibrate mines a crawl up to its neighbour lists and judges the accepting rule at many thresholds against known pairs. It
// asks for no threshold of the encoder's card, since it is what a card's threshold comes from.
func Calibrate(ctx workflow.Context, raw schemas.RawParams) (schemas.CalibrateResult, error) {
	asked, err := schemas.DecodeCalibrate(raw)
	if err != nil {
		return schemas.CalibrateResult{}, invalid(err)
	}
	asked.Align.Threshold = new(float64)
	r, err := open(ctx, asked.Params, calibrateStages)
	if err != nil {
		return schemas.CalibrateResult{}, err
	}
	r.ingest()
	r.search(nil)
	p := r.params
	calibrated := run(r, schemas.Calibrate, schemas.CalibrateInput{Run: r.id, Encoder: p.Encoder.Name, Scanned: r.scanned, Gold: asked.Gold,
		Articles: r.articles, Neighbours: r.neighbours, Rule: p.Align.Rule, DuplicateThreshold: r.duplicate, Neighbour: p.Align.Neighbours,
		Precision: asked.Precision, Seed: p.Seed})
	var result schemas.CalibrateResult
	if r.err == nil {
		in := schemas.CalibrationInput{Run: r.id, Calibration: calibrated, Card: r.settings.Card}
		options := r.options(ctx, "plan", schemas.QueueMain, "the curve")
		r.err = workflow.ExecuteActivity(options, schemas.CalibrationActivity, in).Get(ctx, &result)
	}
	result.Stages = r.progress()
	return result, r.err
}
