package activities

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"crosssum/schemas"
)

func (sc *scene) reportInput(run string) schemas.ReportInput {
	generations := sc.generations("french-english", summaryOf("english", 0), "french nothing alike")
	scores := finish(sc.t, sc.Activities, define(schemas.Score, openScore), sc.scoreInput(generations))
	dataset := sc.seal("export", sc.publish("export", "french", nil, func(dir string) {
		if err := os.WriteFile(filepath.Join(dir, "french-english_test.jsonl"), []byte("{}\n"), 0o644); err != nil {
			sc.t.Fatal(err)
		}
	}))
	trained := sc.publish("train", "all", nil, func(dir string) {
		lines := "{\"step\":1,\"loss\":9.5,\"learning_rate\":0.1}\n{\"step\":2,\"loss\":8.5,\"learning_rate\":0.2}\n"
		if err := os.WriteFile(filepath.Join(dir, "metrics.jsonl"), []byte(lines), 0o644); err != nil {
			sc.t.Fatal(err)
		}
	})
	timings := sc.timings(trained.Key) // where the training left them
	if err := errors.Join(os.MkdirAll(filepath.Dir(timings), 0o755), os.WriteFile(timings, []byte("{}\n"), 0o644)); err != nil {
		sc.t.Fatal(err)
	}
	model := sc.seal("train", trained)
	return schemas.ReportInput{Run: run, Params: schemas.Demo(), Made: schemas.Refs{
		"ingest": sc.articles, "screen": sc.articles, "export": dataset, "train": model, "generate": generations, "score": scores}}
}

func TestReportAndManifestSayFromWhichStepATrainingIsNotBitReproducible(t *testing.T) {
	sc := newScene(t)
	in := sc.reportInput("short of memory")
	counts := map[string]int64{"steps": 80, schemas.NotReproducibleSince: 41}
	model := sc.seal("train", sc.publish("train", "short", counts, func(dir string) {
		if err := os.WriteFile(filepath.Join(dir, "metrics.jsonl"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}))
	model.Counts = counts
	in.Made["train"] = model
	sc.reported(in)
	for name, want := range map[string]string{"report.html": "from step 41 on its last bits are not those of another run", "manifest.json": `"not_bit_reproducible_since_step": 41`} {
		raw, err := os.ReadFile(filepath.Join(sc.Runs, RunFolder(in.Run), name))
		if err != nil || !strings.Contains(string(raw), want) {
			t.Errorf("%s lacks %q: %v", name, want, err)
		}
	}
}

func TestTheRunsFolderHasDataSetModelReportAndManifest(t *testing.T) {
	sc := newScene(t)
	in := sc.reportInput("my run/../x")
	laid := sc.reported(in)
	folder := filepath.Join(sc.Runs, RunFolder(in.Run))
	if laid.Folder != folder || laid.Page != filepath.Join(folder, "report.html") {
		t.Errorf("laid out %+v", laid)
	}
	for _, name := range []string{"dataset/french-english_test.jsonl", "model/metrics.jsonl", "model/timings.jsonl", "scores/summary.json", "report.html", "figures.json", "manifest.json"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	if figures := laid.Figures; figures["articles"] != 12 || figures["generated"] != 2 || figures["training_loss"] != 8.5 || figures["not_generated"] != 2 {
		t.Errorf("figures %v", figures)
	}
	page, err := os.ReadFile(filepath.Join(folder, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"empty_summary", "french nothing alike", "french lead sentence 1. And more.", "LaSE (tiny)"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if m := sc.manifestOf(in.Run); m.Run != in.Run || len(m.Stages["ingest"].Units) != 3 || m.Stages["train"].Units[0].Files["metrics.jsonl"].Digest == "" {
		t.Errorf("manifest: %+v", m)
	}
	entries, err := os.ReadDir(sc.Runs)
	if err != nil || len(entries) != 1 {
		t.Errorf("runs holds %v, wanted one folder", entries)
	}
}

func TestARerunReplacesTheFolderAndALostFolderComesBack(t *testing.T) {
	sc := newScene(t)
	in := sc.reportInput("again")
	sc.reported(in)
	folder := filepath.Join(sc.Runs, "again")
	stale := filepath.Join(folder, "dataset", "stale.jsonl")
	if err := os.WriteFile(stale, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	in.Threshold = 2 // another run under the same workflow id
	sc.reported(in)
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Error("the folder of the earlier run was not replaced")
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	sc.reported(in)
	if _, err := os.Stat(filepath.Join(folder, "report.html")); err != nil {
		t.Error("a published report's folder did not come back:", err)
	}
}

func TestAReportOfNoStagesIsMade(t *testing.T) {
	sc := newScene(t)
	finish(t, sc.Activities, define(schemas.Report, openReport), schemas.ReportInput{Run: "nothing", Params: schemas.Demo()})
}

func TestRunFoldersNeverLeaveRuns(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{"..", ".", "", "/", "/etc/passwd", "../../x", "a/b", "a b", ".hidden", "ok-1_2.3", strings.Repeat("x", 300), "日本", "a\x00b", "a\nb",
		strings.Repeat("щ", 300), "🙂", "ü b", "a" + strings.Repeat("щ", 300), "ü\u2028b"} {
		name := RunFolder(id)
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00\n\\") || strings.HasPrefix(name, ".") || len(name) > 120 || !utf8.ValidString(name) || seen[name] {
			t.Errorf("%q became %q", id, name)
		}
		seen[name] = true
	}
	for _, id := range []string{"ok-1_2.3", "ü-1", "每周", "हिन्दी_2"} {
		if name := RunFolder(id); name != id {
			t.Errorf("the folder of a plain workflow id, %s, is %s", id, name)
		}
	}
}
