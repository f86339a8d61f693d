package config

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// What the library says of a value that is not of its kind, and of a key that there is not.
var (
	wrongKind  = regexp.MustCompile("^(line [0-9]+: )cannot unmarshal !!([a-z]+)( `.*`)? into (.+)$")
	unknownKey = regexp.MustCompile(`^(line [0-9]+: field .+ not found) in type .+$`)
)

// inYAMLsWords says what the library found without Go's types, which whoever wrote the file has never heard of. Any other error stays.
func inYAMLsWords(err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	said := make([]string, len(wrong.Errors))
	for i, text := range wrong.Errors {
		said[i] = unknownKey.ReplaceAllString(text, "$1")
		if m := wrongKind.FindStringSubmatch(text); m != nil {
			said[i] = fmt.Sprintf("%swanted %s, got %s", m[1], kindOf(m[4]), cmp.Or(strings.TrimSpace(m[3]), kinds[m[2]]))
		}
	}
	return errors.New(strings.Join(said, "; "))
}

// kinds are YAML's, by their tags.
var kinds = map[string]string{"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "seq": "a list", "map": "keys with values",
	"null": "nothing", "timestamp": "a date"}

// kindOf says what in YAML is decoded into a Go type, by its name.
func kindOf(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return kinds["seq"]
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"):
		return kinds["int"]
	case strings.HasPrefix(goType, "float"):
		return kinds["float"]
	case goType == "bool":
		return kinds["bool"]
	case goType == "string":
		return kinds["str"]
	}
	return kinds["map"] // maps and structs
}
