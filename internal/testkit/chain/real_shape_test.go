package chain_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"crosssum/internal/testkit/chain"
)

// RealShape asks for the test of a model of mT5-small's size, 1 of random weights, or names a directory of one: 8 GB of memory,
// 6 GB of disk and some minutes.
const RealShape = "CROSSSUM_REAL_SHAPE"

func TestALocalDirectoryOfMT5SmallsShapeFineTunesInTheChain(t *testing.T) {
	if os.Getenv(RealShape) == "" {
		t.Skipf("NOT RUN: set %s=1 for it; it takes 8 GB of memory, 6 GB of disk and some minutes", RealShape)
	}
	c := chain.New(t)
	c.Toy()
	model := filepath.Join(c.Dir, "models", "a-team", "mt5-small")
	c.HeartbeatSeconds = 120 // loading, a step and writing take longer than a toy's
	if given := os.Getenv(RealShape); given != "1" {
		if err := os.CopyFS(model, os.DirFS(given)); err != nil {
			t.Fatal(err)
		}
	} else {
		c.Summarizer("init", "--vocabulary", filepath.Join(c.Dir, "vocabulary/spiece.model"), "--output", model, "--d-model", "512",
			"--d-ff", "1024", "--heads", "6", "--encoder-layers", "8", "--decoder-layers", "8", "--rows", "250112")
	}
	w := c.StartWorker("real")
	result := pipeline(t, c, w, "real", fmt.Sprintf(`{"crawl": "toy", "summarizer": %q,
		"train": {"steps": 3, "warmup_steps": 2, "mini_batch": 2, "pairs": 2, "micro_batch": 2, "source_tokens": 48, "target_tokens": 16},
		"generate": {"samples": 2, "largest_pairs": 1, "samples_a_pair": 1, "max_tokens": 8, "batch_size": 2, "beams": 2}}`, model))
	raw, err := os.ReadFile(filepath.Join(filepath.Dir(result.Report), "model", "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Rows  int `json:"vocab_size"`
		Width int `json:"d_model"`
	}
	if err := json.Unmarshal(raw, &config); err != nil || config.Rows != 250112 || config.Width != 512 {
		t.Errorf("the trained model has config %s, %v", raw, err)
	}
	if card, err := os.ReadFile(filepath.Join(filepath.Dir(result.Report), "model", "README.md")); err != nil || len(card) < 1000 {
		t.Errorf("the trained model's card: %v\n%s", err, card)
	}
}
