// Package activities has one file a stage: open the inputs, ask the engine or a library below, heartbeat, publish the
// output. Register puts them on anyone's worker; nothing here needs cgo.
package activities

import (
	"context"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/schemas"

	"go.temporal.io/sdk/worker"
)

// Engine runs one native request at a time in a child process. mode is "portable" or "native".
type Engine interface {
	Call(ctx context.Context, mode, op string, args, result any, report engine.Report) error
	Profile(ctx context.Context, mode string) (engine.Profile, error)
}

// Checker asks whether models can do what a run will ask of them, without waiting for the engine: *engine.Client.
type Checker interface {
	Check(ctx context.Context, mode string, r engine.CheckRequest, report engine.Report) (engine.CheckResult, error)
}

// Config is what the activities of a worker share.
type Config struct {
	Store      *store.Store
	CPU        Engine   // embed, neighbours, score
	GPU        Engine   // train, generate; the same as CPU on a machine without a device
	Checker    Checker  // of the machine's device
	CrawlRoots []string // crawls are found by name in these folders, and nowhere else
	ModelRoots []string // models likewise
	Runs       string   // data/runs
	LanguageID string   // path of lid.176.ftz
	AwaitRoom  bool     // a full disk is waited for, as long as an attempt may last

	Policies map[string]schemas.Policy // temporal.yaml's timeout and retry tables, which runs ask for
	Queues   map[schemas.Queue]string
}

// Activities implements the stages.
type Activities struct{ Config }

// Register puts every activity on a registry.
func Register(registry worker.ActivityRegistry, config Config) {
	a := &Activities{config}
	registerOne(registry, a, schemas.SettingsActivity, a.settings)
	registerOne(registry, a, schemas.ScanActivity, a.scan)
	registerOne(registry, a, schemas.WaitingActivity, a.waiting)
	registerOne(registry, a, schemas.TakeActivity, a.take)
	registerOne(registry, a, schemas.CalibrationActivity, a.calibration)
	registerOne(registry, a, schemas.LayOutActivity, a.layOut)
	for _, stage := range []interface {
		register(worker.ActivityRegistry, *Activities)
	}{
		define(schemas.Ingest, openIngest), define(schemas.Merge, openMerge), define(schemas.Identify, openIdentify),
		define(schemas.Screen, openScreen), define(schemas.Embed, openEmbed), define(schemas.Neighbours, openNeighbours),
		define(schemas.Lexicon, openLexicon), define(schemas.Evidence, openEvidence), define(schemas.Link, openLink), define(schemas.Calibrate, openCalibrate),
		define(schemas.NearDuplicates, openNearDuplicates), define(schemas.SplitDedup, openSplit),
		define(schemas.Export, openExport), define(schemas.Tokenize, openTokenize), define(schemas.Train, openTrain),
		define(schemas.Generate, openGenerate), define(schemas.Score, openScore), define(schemas.Report, openReport),
	} {
		stage.register(registry, a)
	}
}
