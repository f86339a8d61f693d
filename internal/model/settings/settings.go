// Package settings reads the JSON files of a Hugging Face directory so that no setting is read and then passed over.
package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"crosssum/internal/artifact/bounded"
	"crosssum/schemas"
)

// maxBytes bounds a file.
const maxBytes = 4 << 20

// ReadFile reads one of the files.
func ReadFile(path string) ([]byte, error) { return bounded.Read(path, maxBytes) }

// Decode reads a JSON object into own, a struct. Each field is one of own's, or of silent, which change nothing here, or fixed.
func Decode(b []byte, own any, silent string, fixed map[string]string) (fields map[string]json.RawMessage, err error) {
	if err := json.Unmarshal(b, &fields); err != nil {
		return nil, schemas.InJSONsWords(err)
	}
	mine, err := json.Marshal(own)
	var honoured map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(mine, &honoured)
	}
	if err != nil {
		return nil, err
	}
	known := slices.AppendSeq(strings.Fields(silent), maps.Keys(honoured))
	for name, value := range fields {
		if fixed[name] == "" && string(value) == "null" { // as if it were not there
			known = append(known, name)
		}
	}
	if err := Check(fields, known, fixed); err != nil {
		return nil, err
	}
	return fields, schemas.InJSONsWords(json.Unmarshal(b, own))
}

// Check names the first field, by name, that is not known and has none of the values that fixed gives it: JSON without spaces, several
// with spaces between.
func Check(fields map[string]json.RawMessage, known []string, fixed map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := Compact(fields[name])
		want, isFixed := fixed[name]
		switch {
		case slices.Contains(known, name), slices.Contains(strings.Fields(want), value):
		case isFixed:
			return fmt.Errorf("%s is %.80s, and only %s is supported: it changes what is computed; bring a model that was made with that value",
				name, value, want)
		default:
			return fmt.Errorf("%s is set to %.80s, and this field is not supported: where it changes nothing that is computed, delete it from the "+
				"file; where it does, bring a model without it", name, value)
		}
	}
	return nil
}

// Compact writes JSON without spaces, and objects in the order of their fields' names.
func Compact(raw json.RawMessage) string {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return string(raw)
	}
	b, _ := json.Marshal(v)
	return string(b)
}
