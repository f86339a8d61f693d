package config_test

import (
	"strings"
	"testing"

	"crosssum/internal/operation/config"
)

func TestWhatIsWrongWithTheFileIsSaidWithoutGosTypes(t *testing.T) {
	for _, c := range []struct{ old, now, want string }{
		{"\nthreads: ", "\nthreads: many # ", "wanted a whole number, got `many`"},
		{"\nui_port: ", "\nui_port: [1] # ", "wanted a whole number, got a list"},
		{"\ncrawl_roots: ", "\ncrawl_roots: {a: 1} # ", "wanted a list, got keys with values"},
		{"\nstore: ", "\nstore: [data] # ", "wanted a text, got a list"},
		{"\naddress: ", "\nstages: 7\naddress: ", "already defined"},
		{"\naddress: ", "\ncolour: red\naddress: ", "field colour not found"},
		{"heartbeat_seconds: ", "heart_seconds: ", "field heart_seconds not found"},
		{"\naddress: ", "\naddress: a: b # ", "mapping values are not allowed"},
		{"\naddress: ", "\n\taddress: ", "found character that cannot start any token"},
	} {
		text := strings.Replace(shipped(t), c.old, c.now, 1)
		if text == shipped(t) {
			t.Errorf("%q is not in the file", c.old)
		}
		_, err := config.Load(write(t, text), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%q: wanted %q, got %v", c.now, c.want, err)
			continue
		}
		for _, of := range []string{"unmarshal", "!!", "config.", "schemas.", "in type", ": yaml: ", "struct", "\n"} {
			if strings.Contains(err.Error(), of) {
				t.Errorf("%q: %v has the library's word %q", c.now, err, of)
			}
		}
	}
}
