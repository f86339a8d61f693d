package schemas_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"crosssum/schemas"
)

func TestWhatIsWrongWithJSONIsSaidInJSONsWords(t *testing.T) {
	type inner struct {
		Sizes []uint8 `json:"sizes"`
	}
	type document struct {
		Name  string             `json:"name"`
		Count int                `json:"count"`
		Share *float64           `json:"share"`
		Loud  bool               `json:"loud"`
		Inner inner              `json:"inner"`
		Card  map[string]float64 `json:"card"`
	}
	for text, want := range map[string]string{
		`{"name": ["a"]}`:                "name: wanted a string, got a list",
		`{"count": "7"}`:                 "count: wanted a whole number, got a string",
		`{"count": 1.5}`:                 "count: wanted a whole number, got a number 1.5",
		`{"share": true}`:                "share: wanted a number, got a boolean",
		`{"loud": {}}`:                   "loud: wanted true or false, got an object",
		`{"inner": [1]}`:                 "inner: wanted an object, got a list",
		`{"inner": {"sizes": {"a": 1}}}`: "inner.sizes: wanted a list, got an object",
		`{"card": {"margin": "high"}}`:   "card: wanted a number, got a string",
		`"name"`:                         "wanted an object, got a string",
		`{"name": 'a'}`:                  "byte 10: invalid character",
		`{"name": "a"`:                   "ends before its JSON does",
		`{"colour": 1}`:                  `unknown field "colour"`,
	} {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		err := schemas.InJSONsWords(decoder.Decode(&document{}))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: wanted %s, got %v", text, want, err)
		}
	}
	if err := schemas.InJSONsWords(nil); err != nil {
		t.Errorf("of no error: %v", err)
	}
	if err := schemas.InJSONsWords(io.ErrClosedPipe); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("of another error: %v", err)
	}
}
