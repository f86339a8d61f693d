// Package workflows orchestrates the stages: deterministic, pure Go, no file is read here.
package workflows

import (
	"fmt"

	"crosssum/schemas"

	"go.temporal.io/sdk/workflow"
)

// Pipeline goes the whole way from a crawl to a report: mine, split, train, evaluate.
func Pipeline(ctx workflow.Context, raw schemas.RawParams) (schemas.PipelineResult, error) {
	return tell(ctx, raw, schemas.PipelineWorkflow, func(r *story) {
		r.mine()
		exported := start(r, schemas.Export, r.mined(r.scanned.Digest, ""))
		r.train(!r.params.Generate.AllowTrained)
		exported()
		p := r.params
		generations := run(r, schemas.Generate, schemas.GenerateInput{Articles: r.articles, Splits: r.splits, Model: r.model,
			Params: p.Generate, Source: p.Train.SourceTokens, Seed: p.Seed, Numerics: p.Numerics})
		run(r, schemas.Score, schemas.ScoreInput{Articles: r.articles, Generations: generations, Encoder: p.Encoder,
			Numerics: p.Numerics, Seed: p.Seed})
		run(r, schemas.Report, r.made())
	})
}

// BuildDataset goes from a crawl to the exported data set.
func BuildDataset(ctx workflow.Context, raw schemas.RawParams) (schemas.PipelineResult, error) {
	return tell(ctx, raw, schemas.BuildDatasetWorkflow, func(r *story) {
		r.mine()
		run(r, schemas.Export, r.mined(r.scanned.Digest, ""))
	})
}

// Train goes from a crawl to the trained model.
func Train(ctx workflow.Context, raw schemas.RawParams) (schemas.PipelineResult, error) {
	return tell(ctx, raw, schemas.TrainWorkflow, func(r *story) {
		r.mine()
		exported := start(r, schemas.Export, r.mined(r.scanned.Digest, ""))
		r.train(false)
		exported()
	})
}

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
		Precision: asked.Precision, Seed: p.Seed, Evidence: r.evidence})
	text := call(r, schemas.CalibrationActivity, "the curve", schemas.CalibrationInput{Calibration: calibrated, Card: r.settings.Card})
	laid := r.layOut(schemas.LayOutInput{ReportInput: r.made()})
	return schemas.CalibrateResult{Folder: laid.Folder, Page: laid.Page, CalibrationText: text, Stages: r.progress()}, r.err
}

// tell decodes the parameters, runs a workflow's stages, and says where to look, with the figures of the report if there is one.
func tell(ctx workflow.Context, raw schemas.RawParams, name string, stages func(*story)) (schemas.PipelineResult, error) {
	params, err := schemas.DecodePipeline(raw)
	if err != nil {
		return schemas.PipelineResult{}, invalid(err)
	}
	r, err := open(ctx, params, name)
	if err != nil {
		return schemas.PipelineResult{}, err
	}
	stages(r)
	laid := r.layOut(schemas.LayOutInput{ReportInput: r.made()})
	return schemas.PipelineResult{Folder: laid.Folder, Report: laid.Page, Figures: laid.Figures, Stages: r.progress(),
		Nondeterministic: r.nondeterministic, Warnings: r.warnings}, r.err
}

// mined is what there is to export. crawl is the digest of the crawl that came last; previous that of the ledger's entry
// before, if there is one.
func (r *story) mined(crawl, previous string) schemas.ExportInput {
	p := r.params
	return schemas.ExportInput{Articles: r.articles, Ingested: r.ingested, Links: r.links, Splits: r.splits, Previous: previous,
		Mined: schemas.Mined{Crawl: crawl, Encoder: p.Encoder, Rule: p.Align.Rule, Threshold: r.threshold, Duplicate: r.duplicate,
			Neighbours: p.Align.Neighbours, Split: p.Split, Seed: p.Seed}}
}

// mine finds the pairs of a crawl and splits them.
func (r *story) mine() {
	r.ingest("")
	r.align(nil)
}

// ingest takes in the articles of a crawl. gold names the known pairs that its pairs are judged by, "" those beside it.
func (r *story) ingest(gold string) {
	p := r.params
	r.scan(gold)
	r.articles = run(r, schemas.Ingest, schemas.IngestInput{Scanned: r.scanned, Params: p.Ingest})
	if n, counted := r.articles.Counts["accepted"]; counted && n == 0 && r.err == nil {
		r.err = invalid(fmt.Errorf("crawl %q: no row was accepted, so there is nothing to align or to train on; "+
			"./crosssum check --crawl DIR says why", p.Crawl))
	}
}

// align finds the pairs among the articles and splits them. earlier, if there is one, is the ledger's entry before: its
// neighbour lists spare search, its splits are kept to.
func (r *story) align(earlier *schemas.Entry) {
	r.search(earlier)
	p := r.params
	links := schemas.LinkInput{Articles: r.articles, Neighbours: r.neighbours, Rule: p.Align.Rule, Threshold: r.threshold,
		DuplicateThreshold: r.duplicate, Neighbour: p.Align.Neighbours, Evidence: r.evidence}
	if r.evidence != nil {
		links.Model = r.settings.Card.Evidence
	}
	r.links = run(r, schemas.Link, links)
	splits := schemas.SplitInput{Articles: r.articles, Links: r.links, Params: p.Split, Seed: p.Seed}
	if workflow.GetVersion(r.ctx, "near_duplicates", workflow.DefaultVersion, 1) == 1 {
		texts := run(r, schemas.NearDuplicates, schemas.NearDuplicatesInput{Articles: r.articles, Similarity: p.Split.NearText})
		splits.Texts = &texts
	}
	if earlier != nil {
		splits.Earlier = &earlier.Splits
	}
	r.splits = run(r, schemas.SplitDedup, splits)
}

// search screens the articles, embeds them and lists their neighbours. earlier is as in align.
func (r *story) search(earlier *schemas.Entry) {
	p := r.params
	r.ingested = r.articles
	identified := run(r, schemas.Identify, schemas.IdentifyInput{Articles: r.ingested, Numerics: p.Numerics})
	r.articles = run(r, schemas.Screen, schemas.ScreenInput{Articles: r.ingested, Identified: identified, Params: p.Screen})
	r.embeddings = run(r, schemas.Embed, schemas.EmbedInput{Articles: r.articles, Ingested: r.ingested, Encoder: p.Encoder, Numerics: p.Numerics})
	neighbours := schemas.NeighboursInput{Embeddings: r.embeddings, Keep: p.Align.Keep, BlockRows: p.Align.BlockRows, Numerics: p.Numerics}
	if earlier != nil {
		neighbours.Earlier, neighbours.EarlierEmbeddings = &earlier.Neighbours, &earlier.Embeddings
	}
	r.neighbours = run(r, schemas.Neighbours, neighbours)
	if p.Align.Rule == schemas.EvidenceRule {
		lexicon := run(r, schemas.Lexicon, schemas.LexiconInput{Articles: r.articles})
		evidence := run(r, schemas.Evidence, schemas.EvidenceInput{Lexicon: lexicon, Embeddings: r.embeddings, Neighbours: r.neighbours,
			Neighbour: p.Align.Neighbours, BlockRows: p.Align.BlockRows, DuplicateThreshold: r.duplicate})
		r.evidence = &evidence
	}
}

// train makes one model that summarizes any language of the data set into any other. tested: it is to be evaluated on articles that the
// model which it begins with must not have seen.
func (r *story) train(tested bool) {
	p := r.params
	training := schemas.TrainInput{Articles: r.articles, Splits: r.splits, Summarizer: p.Summarizer,
		RefuseTrained: tested, Params: p.Train, Seed: p.Seed, Numerics: p.Numerics}
	ahead := training
	training.Tokens = run(r, schemas.Tokenize, schemas.TokenizeInput{Articles: r.articles, Summarizer: p.Summarizer,
		Source: p.Train.SourceTokens, Target: p.Train.TargetTokens, Numerics: p.Numerics, Training: &ahead})
	r.model = run(r, schemas.Train, training)
	if taken, fitted := r.model.Counts[schemas.MiniBatch]; fitted {
		r.warnings = append(r.warnings, schemas.Fitted(p.Train.MiniBatch, int(taken)))
	}
}

// made is all that the run has made so far.
func (r *story) made() schemas.ReportInput {
	return schemas.ReportInput{Run: r.id, Params: r.params, Scanned: r.scanned, Stages: r.progress(), Made: r.sealed,
		Rule: r.params.Align.Rule, Threshold: r.threshold, Warnings: r.warnings}
}

// layOut makes the run's folder, which shows people what the run has made: the end of every workflow.
func (r *story) layOut(in schemas.LayOutInput) schemas.LaidOut {
	return call(r, schemas.LayOutActivity, "folder of the run", in)
}
