package schemas

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// InJSONsWords says what encoding/json found in JSON's words: it speaks of Go's types, which whoever wrote the file has never heard of.
// Any other error stays.
func InJSONsWords(err error) error {
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Errorf("%s: wanted %s, got %s", wrong.Field, kindOf(wrong.Type), inJSON(wrong.Value))
	case errors.As(err, &wrong):
		return fmt.Errorf("wanted %s, got %s", kindOf(wrong.Type), inJSON(wrong.Value))
	case errors.As(err, &syntax):
		return fmt.Errorf("byte %d: %w", syntax.Offset, syntax)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("ends before its JSON does")
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return err
}

// kindOf says what in JSON is decoded into a Go type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number from 0"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	}
	return "another value"
}

// inJSON writes out how encoding/json describes a value: "number 1.5", "array".
func inJSON(value string) string {
	kind, number, _ := strings.Cut(value, " ")
	switch kind {
	case "number":
		return strings.TrimSpace("a number " + number)
	case "array":
		return "a list"
	case "bool":
		return "a boolean"
	case "object":
		return "an object"
	}
	return "a " + kind
}
