package activities

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/store"
	"crosssum/internal/fault"
	"crosssum/internal/testkit"
	"crosssum/schemas"
)

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func withRoots(t *testing.T) (*Activities, string) {
	dir := t.TempDir()
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	return &Activities{Config{Store: s, ModelRoots: []string{filepath.Join(dir, "models"), filepath.Join(dir, "more")}}}, dir
}

func errorType(err error) string {
	typed, _ := err.(*fault.Error)
	if typed == nil {
		return ""
	}
	return typed.Type
}

func TestModelsAreFoundUnderTheRootsAndNowhereElse(t *testing.T) {
	a, dir := withRoots(t)
	put(t, filepath.Join(dir, "more/team/bert/config.json"), "{}")
	put(t, filepath.Join(dir, "outside/config.json"), "{}")
	for _, name := range []string{"team/bert", filepath.Join(dir, "more/team/bert")} {
		if m, err := a.model(name); err != nil || m.Dir != filepath.Join(dir, "more/team/bert") {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	for _, name := range []string{"../outside", filepath.Join(dir, "outside"), "team/../../outside", "", "."} {
		if m, err := a.model(name); errorType(err) != schemas.InvalidInput {
			t.Errorf("%q: %+v, %v", name, m, err)
		}
	}
	_, err := a.model("bert")
	if errorType(err) != schemas.MissingModel || !strings.Contains(err.Error(), filepath.Join(dir, "models/bert")) ||
		!strings.Contains(err.Error(), filepath.Join(dir, "more/bert")) {
		t.Errorf("does not say where it looked: %v", err)
	}
}

func TestALocalDirectoryInsideARootGoesBeforeAName(t *testing.T) {
	a, dir := withRoots(t)
	work := filepath.Join(dir, "more") // the working directory is a root itself
	put(t, filepath.Join(dir, "models/labse/config.json"), "{}")
	put(t, filepath.Join(work, "labse/modules.json"), "[]") // a StaticEmbedding has no config.json
	put(t, filepath.Join(dir, "elsewhere/labse/config.json"), "{}")
	t.Chdir(work)
	if m, err := a.model("labse"); err != nil || m.Dir != filepath.Join(work, "labse") {
		t.Errorf("the directory beside: %+v, %v", m, err)
	}
	if m, err := a.model("../models/labse"); err != nil || m.Dir != filepath.Join(dir, "models/labse") {
		t.Errorf("a relative path inside a root: %+v, %v", m, err)
	}
	if m, err := a.model("../elsewhere/labse"); errorType(err) != schemas.InvalidInput {
		t.Errorf("a path outside of the roots: %+v, %v", m, err)
	}
	t.Chdir(filepath.Join(dir, "elsewhere")) // its labse lies in no root: the name counts
	if m, err := a.model("labse"); err != nil || m.Dir != filepath.Join(dir, "models/labse") {
		t.Errorf("by name: %+v, %v", m, err)
	}
}

func TestAModelBehindALinkHasTheDigestOfItsFiles(t *testing.T) {
	a, dir := withRoots(t)
	put(t, filepath.Join(dir, "cache/config.json"), "{}")
	put(t, filepath.Join(dir, "models/plain/config.json"), "{}")
	if err := os.Symlink(filepath.Join(dir, "cache"), filepath.Join(dir, "models/linked")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.model("linked"); errorType(err) != schemas.InvalidInput || !strings.Contains(err.Error(), "add the folder that holds them to model_roots") {
		t.Errorf("a link out of the roots: %v", err)
	}
	a.ModelRoots = append(a.ModelRoots, filepath.Join(dir, "cache"))
	linked, err := a.model("linked")
	plain, err2 := a.model("plain")
	if err != nil || err2 != nil || linked.Digest != plain.Digest {
		t.Errorf("%+v, %+v, %v, %v", linked, plain, err, err2)
	}
}

func TestAModelsDigestIsThatOfItsWeightsAndNotOfItsCard(t *testing.T) {
	a, dir := withRoots(t)
	weights, card := filepath.Join(dir, "models/m/model.safetensors"), filepath.Join(dir, "models/m/README.md")
	put(t, filepath.Join(dir, "models/m/config.json"), "{}")
	put(t, weights, "weights")
	digest := func() string {
		m, err := a.model("m")
		if err != nil {
			t.Fatal(err)
		}
		return m.Digest
	}
	before := digest()
	put(t, card, "# A model")
	if digest() != before {
		t.Error("a model card changed the digest")
	}
	put(t, weights, "weightz2")
	changed := digest()
	if changed == before {
		t.Error("other weights have the same digest")
	}
	for _, name := range []string{"1_Pooling/config.json", "2_Dense/model.safetensors", "model-00002-of-00002.safetensors", "vocab.txt", "tokenizer.json"} {
		put(t, filepath.Join(dir, "models/m", name), "{}")
		if digest() == changed {
			t.Errorf("%s does not count", name)
		}
		changed = digest()
	}
	put(t, filepath.Join(dir, "models/m/pytorch_model.bin"), "pickle")
	if digest() != changed {
		t.Error("a pickle, which nobody reads, changed the digest")
	}
}

func TestAPublishedModelIsLaidOutUnderItsNamesWithTheDigestOfADirectory(t *testing.T) {
	a, dir := withRoots(t)
	files := map[string]string{"config.json": "{}", "model.safetensors": "weights", "metrics.jsonl": "{}"}
	trained := testkit.Unit(t, a.Store, "train", nil, "all", nil, func(unit string) {
		for name, content := range files {
			put(t, filepath.Join(unit, name), content)
			put(t, filepath.Join(dir, "models/m", name), content)
		}
	})
	local, err := a.model("m")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second call finds the folder
		m, err := a.modelOf(trained)
		if err != nil || m.Digest != local.Digest {
			t.Fatalf("%+v, %v; wanted digest %s", m, err, local.Digest)
		}
		for name, content := range files {
			if b, err := os.ReadFile(filepath.Join(m.Dir, name)); err != nil || string(b) != content {
				t.Errorf("%s: %q, %v", name, b, err)
			}
		}
	}
}

func TestTheCardOfAnEncoderIsReadFromItsFrontMatter(t *testing.T) {
	a, dir := withRoots(t)
	put(t, filepath.Join(dir, "models/e/README.md"), "---\nlicense: mit\ncrosssum:\n  rule: margin\n  thresholds: {margin: 1.05, mutual: 0.9}\n"+
		"  neighbours: 4\n  duplicate_threshold: 0.97\n---\n# Encoder\n")
	got, err := a.settings(context.Background(), schemas.SettingsInput{Encoder: "e"})
	if c := got.Card; err != nil || c.Rule != "margin" || c.Thresholds["mutual"] != 0.9 || c.Neighbours != 4 || c.Duplicate != 0.97 {
		t.Errorf("%+v, %v", got.Card, err)
	}
	put(t, filepath.Join(dir, "models/plain/README.md"), "# No front matter\n")
	put(t, filepath.Join(dir, "models/plain/config.json"), "{}")
	put(t, filepath.Join(dir, "models/none/config.json"), "{}")
	for _, name := range []string{"plain", "none"} {
		if got, err := a.settings(context.Background(), schemas.SettingsInput{Encoder: name}); err != nil || got.Card.Rule != "" {
			t.Errorf("%s: %+v, %v", name, got.Card, err)
		}
	}
	// of a model that is not there that is said, and not that its card lacks a threshold
	if _, err := a.settings(context.Background(), schemas.SettingsInput{Encoder: "LaBSE"}); err == nil || !strings.Contains(err.Error(), "neither config.json nor modules.json") {
		t.Errorf("got %v", err)
	}
	put(t, filepath.Join(dir, "models/broken/README.md"), "---\ncrosssum: [1\n---\n")
	if _, err := a.settings(context.Background(), schemas.SettingsInput{Encoder: "broken"}); err == nil || !strings.Contains(err.Error(), "broken/README.md") {
		t.Errorf("got %v", err)
	}
}
