package train

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/digest"
)

func TestATrainedModelsCardTellsHowToUseItAndWhatItWasMadeFrom(t *testing.T) {
	request := toy(t)
	request.Params.Steps, request.Params.CheckpointEvery = 2, 2
	card := func(change bool) string {
		request.Work = t.TempDir()
		if change { // another folder for the same model
			moved := filepath.Join(t.TempDir(), "elsewhere")
			must(t, os.Rename(request.Model, moved))
			request.Model = moved
		}
		request.Output = t.TempDir()
		_, err := Run(context.Background(), request, nil)
		must(t, err)
		raw, err := os.ReadFile(filepath.Join(request.Output, "README.md"))
		must(t, err)
		return string(raw)
	}
	first := card(false)
	config, _, err := digest.File(filepath.Join(request.Model, "config.json"))
	must(t, err)
	weights, _, err := digest.File(filepath.Join(request.Model, "model.safetensors"))
	must(t, err)
	for _, want := range []string{config, weights, `["langid_map"]["english"][0]`, "| german | `▁<extra_id_53>` |", "max_length=20", "max_length=10",
		"2 steps, 16 samples of 4 pairs", "| training data: the SHA-256 of 2 files"} {
		if !strings.Contains(first, want) {
			t.Errorf("the card lacks %q:\n%s", want, first)
		}
	}
	if again := card(true); again != first {
		t.Errorf("the card depends on where the model lies:\n%s\n%s", first, again)
	}
}
