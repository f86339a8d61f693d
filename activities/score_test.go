package activities

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/metric"
	"crosssum/internal/testkit"
	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
)

// standIn answers encode and classify without models: equal texts get equal unit vectors, other texts nearly orthogonal
// ones; a text is of the language that its first word names.
type standIn struct{}

func (standIn) Profile(context.Context, string) (engine.Profile, error) {
	return engine.Profile{Mode: "portable", Threads: 1}, nil
}

func (standIn) Call(_ context.Context, _, op string, args, result any, _ engine.Report) error {
	switch op {
	case engine.OpEncode:
		request := args.(engine.EncodeRequest)
		w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](request.Output, 64, nil)
		if err != nil {
			return err
		}
		rows := int64(0)
		err = arrowfile.Each(request.Input, func(r *schemas.TextRow) error {
			rows++
			return w.Append(schemas.EmbeddingRow{Language: r.Language, ID: r.ID, Embedding: vectorOf(r.Text)})
		})
		result.(*engine.EncodeResult).Rows = rows
		return errors.Join(err, w.Close())
	case engine.OpClassify:
		request := args.(engine.ClassifyRequest)
		w, err := arrowfile.Create[schemas.ClassifiedRow](request.Output)
		if err != nil {
			return err
		}
		err = arrowfile.Each(request.Input, func(r *schemas.TextRow) error {
			word, _, _ := strings.Cut(r.Text, " ")
			l, _ := schemas.LanguageByName(word)
			return w.Append(schemas.ClassifiedRow{Language: r.Language, ID: r.ID, Label: l.FastText, Probability: 0.5, Wanted: 0.25})
		})
		return errors.Join(err, w.Close())
	}
	return fmt.Errorf("no %s here", op)
}

func vectorOf(text string) []float32 {
	v := make([]float32, 64)
	norm := 0.0
	for i := range v {
		h := fnv.New64a()
		fmt.Fprint(h, i, text)
		x := float64(int64(h.Sum64())) / (1 << 63)
		v[i], norm = float32(x), norm+x*x
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(norm))
	}
	return v
}

// scene is a store with articles and generations of three languages.
type scene struct {
	*Activities
	t        *testing.T
	articles schemas.Ref
}

var sceneLanguages = []string{"english", "french", "hindi"}

func newScene(t *testing.T) *scene {
	root := t.TempDir()
	s, err := store.Open(filepath.Join(root, "store"))
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{"models/tiny/config.json": "{}", "lid.ftz": "x"} {
		path = filepath.Join(root, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	sc := &scene{t: t, Activities: &Activities{Config{Store: s, CPU: standIn{}, GPU: standIn{}, ModelRoots: []string{filepath.Join(root, "models")},
		LanguageID: filepath.Join(root, "lid.ftz"), Runs: filepath.Join(root, "runs")}}}
	var units []schemas.Unit
	for _, language := range sceneLanguages {
		units = append(units, sc.publish("ingest", language, map[string]int64{"read": 5, "accepted": 4, "rejected": 1}, func(dir string) {
			noError(t, arrowfile.WriteRows(filepath.Join(dir, "articles.arrow"), 4, func(i int) schemas.ArticleRow {
				return schemas.ArticleRow{Language: language, ID: fmt.Sprint("a", i), Summary: summaryOf(language, i),
					Text: fmt.Sprintf("%s lead sentence %d. And more.", language, i)}
			}))
			noError(t, arrowfile.WriteRows(filepath.Join(dir, "rejects.arrow"), 1, func(int) schemas.RejectRow {
				return schemas.RejectRow{File: "f", Line: 3, Reason: "empty_summary"}
			}))
		}))
	}
	sc.articles = sc.seal("ingest", units...)
	return sc
}

func summaryOf(language string, i int) string {
	return fmt.Sprintf("%s summary of %s", language, []string{"apples", "bears", "clouds", "doors"}[i])
}

func (sc *scene) publish(stage, name string, counts map[string]int64, fill func(dir string)) schemas.Unit {
	return testkit.Unit(sc.t, sc.Store, stage, name, name, counts, fill)
}

func (sc *scene) seal(stage string, units ...schemas.Unit) schemas.Ref {
	return testkit.Seal(sc.t, sc.Store, stage, units...)
}

// generations publishes summaries from french to english: the given texts for articles 0, 1, ...
func (sc *scene) generations(name string, texts ...string) schemas.Ref {
	return sc.seal("generate", sc.publish("generate", name, map[string]int64{"samples": int64(len(texts)), "not_generated": 2}, func(dir string) {
		noError(sc.t, arrowfile.WriteRows(filepath.Join(dir, "generations.arrow"), len(texts), func(i int) schemas.GenerationRow {
			id := fmt.Sprint("a", i)
			return schemas.GenerationRow{SourceLanguage: "french", SourceID: id, TargetLanguage: "english", TargetID: id, Generated: texts[i], Score: -1}
		}))
	}))
}

// finish runs a one-unit stage as the worker does and returns its sealed Ref.
func finish[In any](t *testing.T, a *Activities, d definition[In], in In) schemas.Ref {
	t.Helper()
	ref, err := tryFinish(a, d, in)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func tryFinish[In any](a *Activities, d definition[In], in In) (schemas.Ref, error) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	d.register(env, a)
	plan := func() (planned schemas.Planned, err error) {
		value, err := env.ExecuteActivity(d.stage.PlanName(), in)
		if err == nil {
			err = value.Get(&planned)
		}
		return planned, err
	}
	before := everyFile(a) // where nobody else is at work: a scene of its own has Runs
	planned, err := plan()
	if err != nil {
		return schemas.Ref{}, err
	}
	if after := everyFile(a); planned.Ref == nil && a.Runs != "" && after != before {
		return schemas.Ref{}, fmt.Errorf("%s: looking up left\n%s\nwhere there was\n%s", d.stage.Name, after, before)
	}
	for _, units := range planned.Missing {
		if _, err := env.ExecuteActivity(d.stage.Name, schemas.Work[In]{Input: in, Units: units}); err != nil {
			return schemas.Ref{}, err
		}
	}
	if planned.Ref == nil {
		if planned, err = plan(); err != nil {
			return schemas.Ref{}, err
		}
	}
	return *planned.Ref, nil
}

// everyFile lists what stands in the folders that a worker writes to.
func everyFile(a *Activities) string {
	var names []string
	for _, root := range []string{a.Store.Root(), a.Runs} {
		filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				names = append(names, path)
			}
			return nil
		})
	}
	return strings.Join(names, "\n")
}

func (sc *scene) scoreInput(generations schemas.Ref) schemas.ScoreInput {
	return schemas.ScoreInput{Articles: sc.articles, Generations: generations, Encoder: schemas.EncoderParams{Name: "tiny", MaxTokens: 16}, Numerics: "portable", Seed: 3}
}

func TestScoresAreThoseOfTheirTextsAndRepeat(t *testing.T) {
	sc := newScene(t)
	in := sc.scoreInput(sc.generations("french-english", summaryOf("english", 0), "french nothing alike", summaryOf("english", 2)))
	ref := finish(t, sc.Activities, define(schemas.Score, openScore), in)
	other := newScene(t)
	other.generations("french-english", summaryOf("english", 0), "french nothing alike", summaryOf("english", 2))
	if again := finish(t, other.Activities, define(schemas.Score, openScore), in); again.Index != ref.Index {
		t.Error("the same input gave other bytes in another store")
	}
	var s metric.Summary
	if found, err := sc.Store.ReadFirst(ref, "summary.json", &s); err != nil || !found {
		t.Fatal(found, err)
	}
	if s.LaSEName != "LaSE (tiny)" || s.All.N != 3 || s.CrossLingual.N != 3 || s.InLanguage.N != 0 || len(s.Pairs) != 1 || len(s.Targets) != 1 {
		t.Fatalf("%+v", s)
	}
	path, err := sc.Store.First(ref, "scores.arrow")
	if err != nil {
		t.Fatal(err)
	}
	var first, second schemas.Figures
	err = arrowfile.Each(path, func(r *schemas.ScoredRow) error {
		switch r.SourceID {
		case "a0":
			first = r.Figures
			if r.Reference != summaryOf("english", 0) || r.Lead != "french lead sentence 0." {
				t.Errorf("reference %q, lead %q", r.Reference, r.Lead)
			}
		case "a1":
			second = r.Figures
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range []float64{first.Rouge1, first.Rouge2, first.RougeL, first.LaSE, first.MS, first.LC, first.LP} {
		if math.Abs(got-100) > 1e-4 { // an output equal to its reference, in the wanted language
			t.Errorf("measure %d of a perfect output: %v", i, got)
		}
	}
	if second.LC != 25 || second.Rouge1 != 0 { // French where English was wanted: LC is the probability
		t.Errorf("LC %v, ROUGE-1 %v of a French output", second.LC, second.Rouge1)
	}
	if shuffled := first.LaSEShuffled; math.Abs(shuffled) > 60 || shuffled == first.LaSE {
		t.Errorf("LaSE against a shuffled reference: %v", shuffled)
	}
}

func TestScoringNothingIsNoError(t *testing.T) {
	sc := newScene(t)
	ref := finish(t, sc.Activities, define(schemas.Score, openScore), sc.scoreInput(sc.generations("none")))
	var s metric.Summary
	if _, err := sc.Store.ReadFirst(ref, "summary.json", &s); err != nil || s.All.N != 0 {
		t.Error(s, err)
	}
}

func TestAGenerationOfAnUnknownArticleIsRefused(t *testing.T) {
	sc := newScene(t)
	_, err := tryFinish(sc.Activities, define(schemas.Score, openScore), sc.scoreInput(sc.generations("five", "a", "b", "c", "d", "e")))
	var typed *temporal.ApplicationError
	if !errors.As(err, &typed) || typed.Type() != schemas.InvalidInput || !typed.NonRetryable() || !strings.Contains(err.Error(), "a4") {
		t.Errorf("got %v, wanted InvalidInput that names a4", err)
	}
}
