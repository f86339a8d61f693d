package settings

import (
	"strings"
	"testing"
)

func TestASettingIsHonouredOrSilentOrFixedOrToldByItsName(t *testing.T) {
	for file, want := range map[string]string{
		`{"width": 3, "name": "x", "kind": "plain"}`:       "",
		`{"later": null, "shape": { "b": 1.0, "a": [ ] }}`: "",
		`{"kind": null}`:                            "",
		`{"shape": null}`:                           "shape is null, and only",
		`{"kind": "round", "later": 1}`:             `kind is "round", and only "plain" null is supported`,
		`{"zeal": 1, "later": [ "x" ], "width": 3}`: `later is set to ["x"], and this field is not supported`,
		`{"width": "wide"}`:                         "width: wanted a whole number, got a string",
		`[]`:                                        "wanted an object, got a list",
		`{"name": 1, "later": "` + strings.Repeat("x", 200) + `"}`: "later is set to",
	} {
		own := struct {
			Width int `json:"width"`
		}{7}
		_, err := Decode([]byte(file), &own, "name id", map[string]string{"kind": `"plain" null`, "shape": `{"a":[],"b":1}`})
		if want == "" && (err != nil || strings.Contains(file, "width") != (own.Width == 3)) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: width %d, %v; wanted %q", file, own.Width, err, want)
		}
	}
}
