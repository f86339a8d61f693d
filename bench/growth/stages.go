package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"crosssum/activities"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/schemas"

	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
)

// made are the results of the stages so far.
type made struct {
	Scanned schemas.Scanned
	Refs    map[string]schemas.Ref
}

// params are the demo's, with this program's encoder.
func params() schemas.Params {
	p := schemas.Demo()
	p.Crawl, p.Languages = crawlName, languages
	p.Encoder = schemas.EncoderParams{Name: encoderName, MaxTokens: 128, BatchTokens: 512}
	return p
}

// threshold of mutual pairs and of duplicates, for vectors of random words.
const threshold, duplicates = 0.9, 0.95

// stageNames are the stages that make a data set.
var stageNames = func() (names []string) {
	for _, s := range schemas.RowsOf(schemas.BuildDatasetWorkflow) {
		names = append(names, s.Name)
	}
	return names
}()

// one runs a stage and prints its peaks.
func (o *options) one() error {
	debug.SetGCPercent(50) // as the worker does
	path, m := filepath.Join(o.dir, "made.json"), made{Refs: map[string]schemas.Ref{}}
	if b, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(b, &m); err != nil {
			return err
		}
	}
	artifacts, err := store.Open(filepath.Join(o.dir, "store"))
	if err != nil {
		return err
	}
	native := engine.New(engine.Options{Program: o.engine, Threads: runtime.NumCPU()})
	defer native.Close()
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, activities.Config{Store: artifacts, CPU: native, GPU: native, LanguageID: o.classifier,
		CrawlRoots: []string{filepath.Join(o.dir, "crawls")}, ModelRoots: []string{filepath.Join(o.dir, "models")}})
	began := time.Now()
	if err := m.add(env, o.stage); err != nil {
		return err
	}
	p := peaks{Worker: peak(os.Getpid()), Seconds: time.Since(began).Seconds()}
	for _, child := range children() {
		p.Engine = max(p.Engine, peak(child))
	}
	b, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(path, b, 0o644)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(p)
}

// add runs a stage on what those before it made.
func (m *made) add(env *testsuite.TestActivityEnvironment, name string) (err error) {
	p := params()
	ref := func(name string) schemas.Ref { return m.Refs[name] }
	var out schemas.Ref
	switch name {
	case "scan":
		value, err := env.ExecuteActivity(schemas.ScanActivity.Name, schemas.ScanInput{Crawl: p.Crawl, Languages: p.Languages})
		if err != nil {
			return err
		}
		return value.Get(&m.Scanned)
	case "ingest":
		out, err = stage(env, schemas.Ingest, schemas.IngestInput{Scanned: m.Scanned, Params: p.Ingest})
	case "identify":
		out, err = stage(env, schemas.Identify, schemas.IdentifyInput{Articles: ref("ingest"), Numerics: p.Numerics})
	case "screen":
		out, err = stage(env, schemas.Screen, schemas.ScreenInput{Articles: ref("ingest"), Identified: ref("identify"), Params: p.Screen})
	case "embed":
		out, err = stage(env, schemas.Embed, schemas.EmbedInput{Articles: ref("screen"), Encoder: p.Encoder, Numerics: p.Numerics})
	case "neighbours":
		out, err = stage(env, schemas.Neighbours, schemas.NeighboursInput{Embeddings: ref("embed"), Keep: p.Align.Keep, BlockRows: p.Align.BlockRows,
			Numerics: p.Numerics})
	case "lexicon":
		out, err = stage(env, schemas.Lexicon, schemas.LexiconInput{Articles: ref("screen")})
	case "evidence":
		out, err = stage(env, schemas.Evidence, schemas.EvidenceInput{Lexicon: ref("lexicon"), Embeddings: ref("embed"), Neighbours: ref("neighbours"),
			Neighbour: p.Align.Neighbours, BlockRows: p.Align.BlockRows, DuplicateThreshold: duplicates})
	case "link":
		out, err = stage(env, schemas.Link, schemas.LinkInput{Articles: ref("screen"), Neighbours: ref("neighbours"), Rule: "mutual",
			Threshold: threshold, DuplicateThreshold: duplicates, Neighbour: p.Align.Neighbours})
	case "near_duplicates":
		out, err = stage(env, schemas.NearDuplicates, schemas.NearDuplicatesInput{Articles: ref("screen"), Similarity: p.Split.NearText})
	case "split_dedup":
		texts := ref("near_duplicates")
		out, err = stage(env, schemas.SplitDedup, schemas.SplitInput{Articles: ref("screen"), Links: ref("link"), Texts: &texts, Params: p.Split, Seed: p.Seed})
	case "export":
		out, err = stage(env, schemas.Export, schemas.ExportInput{Articles: ref("screen"), Links: ref("link"), Splits: ref("split_dedup"),
			Mined: schemas.Mined{Crawl: m.Scanned.Digest, Encoder: p.Encoder, Rule: "mutual", Threshold: threshold, Duplicate: duplicates,
				Neighbours: p.Align.Neighbours, Split: p.Split, Seed: p.Seed}})
	default:
		err = fmt.Errorf("no stage %q", name)
	}
	m.Refs[name] = out
	return err
}

// stage plans, computes what is missing, and plans again, as the workflow does.
func stage[In any](env *testsuite.TestActivityEnvironment, s schemas.Stage[In], in In) (schemas.Ref, error) {
	for {
		value, err := env.ExecuteActivity(s.PlanName(), in)
		if err != nil {
			return schemas.Ref{}, err
		}
		var planned schemas.Planned
		if err := value.Get(&planned); err != nil {
			return schemas.Ref{}, err
		}
		if planned.Ref != nil {
			return *planned.Ref, nil
		}
		for _, units := range planned.Missing {
			if _, err := env.ExecuteActivity(s.Name, schemas.Work[In]{Input: in, Units: units}); err != nil {
				return schemas.Ref{}, err
			}
		}
	}
}

// peak is the most resident memory that a process has had, in bytes.
func peak(pid int) (bytes float64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Sscan(after, &bytes)
	return bytes * 1024
}

// children are the processes that this one started.
func children() (list []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		var pid, parent int
		if _, err := fmt.Sscan(entry.Name(), &pid); err != nil {
			continue
		}
		status, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "status"))
		if err != nil {
			continue
		}
		if _, after, ok := strings.Cut(string(status), "PPid:"); ok {
			if _, err := fmt.Sscan(after, &parent); err == nil && parent == os.Getpid() {
				list = append(list, pid)
			}
		}
	}
	return list
}
