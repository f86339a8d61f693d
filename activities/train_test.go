package activities

import (
	"encoding/json"
	"strings"
	"testing"

	"crosssum/schemas"
)

func TestWhatBecomesOfATooLargeMiniBatchIsInNoKey(t *testing.T) {
	w := training{splits: inputs{digests: []string{"s"}}, in: schemas.TrainInput{Params: schemas.Paper().Train}}
	fits, err := json.Marshal(w.material("all"))
	noError(t, err)
	w.in.Params.FitMiniBatch = false
	refuses, err := json.Marshal(w.material("all"))
	noError(t, err)
	if string(fits) != string(refuses) || strings.Contains(string(fits), "fit_mini_batch") {
		t.Errorf("%s\n%s", fits, refuses)
	}
}
