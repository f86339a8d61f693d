package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Presets are the starting points of Params by name.
var Presets = map[string]func() Params{"demo": Demo, "paper": Paper}

// maxParams bounds the JSON of a run.
const maxParams = 1 << 20

// DecodePipeline reads the input of a workflow: an object decoded strictly over its preset's parameters. What is absent
// keeps the preset's value; an unknown or repeated field, a wrong type or a value out of range is an error that begins with
// the JSON path ("$.train.steps"). No input, null and {} mean {"preset": "demo"}.
//
// It is a pure function of raw; the checker of workflow code cannot see that through encoding/json and reflect.
//
//workflowcheck:ignore
func DecodePipeline(raw RawParams) (Params, error) {
	return decode(raw, func(preset Params) Params { return preset })
}

// DecodeRealign reads the input of Realign in the same way. The parameters of later stages are accepted and not used.
//
//workflowcheck:ignore
func DecodeRealign(raw RawParams) (RealignParams, error) {
	return decode(raw, func(preset Params) RealignParams {
		preset.Crawl = "" // which is for Pipeline
		return RealignParams{Params: preset, Catalogue: "main"}
	})
}

// DecodeCalibrate reads the input of Calibrate in the same way.
//
//workflowcheck:ignore
func DecodeCalibrate(raw RawParams) (CalibrateParams, error) {
	return decode(raw, func(preset Params) CalibrateParams { return CalibrateParams{Params: preset, Precision: 0.97} })
}

// decode decodes raw over what a workflow makes of the preset that raw names.
func decode[P interface{ Check() error }](raw RawParams, of func(preset Params) P) (none P, err error) {
	raw, preset, err := overPreset(raw)
	if err != nil {
		return none, err
	}
	params := of(preset)
	if err := assign("$", raw, reflect.ValueOf(&params).Elem()); err != nil {
		return none, elsewhere(err)
	}
	return params, inDocument("", params.Check())
}

// DecodeTrain reads the parameters of a training alone, over those given, as strictly.
func DecodeTrain(raw RawParams, over TrainParams) (TrainParams, error) {
	if err := assign("$", raw, reflect.ValueOf(&over).Elem()); err != nil {
		if e := (*fieldError)(nil); errors.As(err, &e) && e.name == "train" {
			err = errors.New("$.train: the parameters of a training stand here by themselves: {\"steps\": 500}")
		}
		return over, err
	}
	return over, inDocument("train.", over.Check())
}

// inDocument makes the path of an error of Check a JSON path in a document that holds what is under root.
func inDocument(root string, err error) error {
	if err == nil {
		return nil
	}
	return errors.New("$." + strings.TrimPrefix(err.Error(), root))
}

// overPreset finds the preset that raw names; no input is {}.
func overPreset(raw RawParams) (RawParams, Params, error) {
	if len(raw) > maxParams {
		return nil, Params{}, fmt.Errorf("$: %d bytes of parameters, at most %d", len(raw), maxParams)
	}
	if text := bytes.TrimSpace(raw); len(text) == 0 || string(text) == "null" {
		raw = RawParams("{}")
	}
	var named struct{ Preset *json.RawMessage }
	if err := json.Unmarshal(raw, &named); err != nil {
		return nil, Params{}, notAnObject(err)
	}
	preset := "demo"
	if named.Preset != nil {
		if err := assign("$.preset", *named.Preset, reflect.ValueOf(&preset).Elem()); err != nil {
			return nil, Params{}, err
		}
	}
	defaults, ok := Presets[preset]
	if !ok {
		return nil, Params{}, fmt.Errorf("$.preset: %.40q: the presets are \"demo\" and \"paper\"", preset)
	}
	return raw, defaults(), nil
}

// notAnObject says why a document as a whole is no JSON object.
func notAnObject(err error) error {
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("$: wanted a JSON object, got %s", inJSON(wrong.Value))
	}
	return fmt.Errorf("$: not JSON: %w", InJSONsWords(err))
}

// assign decodes raw into v, which keeps what raw does not mention.
func assign(path string, raw json.RawMessage, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Struct:
		return assignStruct(path, raw, v)
	case reflect.Pointer:
		if string(bytes.TrimSpace(raw)) == "null" {
			v.SetZero()
			return nil
		}
		fresh := reflect.New(v.Type().Elem())
		if err := assign(path, raw, fresh.Elem()); err != nil {
			return err
		}
		v.Set(fresh)
		return nil
	case reflect.Slice:
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil || items == nil {
			return wrongType(path, raw, "a list")
		}
		fresh := reflect.MakeSlice(v.Type(), len(items), len(items))
		for i, item := range items {
			if err := assign(fmt.Sprintf("%s[%d]", path, i), item, fresh.Index(i)); err != nil {
				return err
			}
		}
		v.Set(fresh)
		return nil
	}
	if string(bytes.TrimSpace(raw)) == "null" || json.Unmarshal(raw, v.Addr().Interface()) != nil {
		return wrongType(path, raw, kindOf(v.Type()))
	}
	return nil
}

func assignStruct(path string, raw json.RawMessage, v reflect.Value) error {
	fields := map[string]reflect.Value{}
	fieldsOf(v, fields)
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return wrongType(path, raw, "an object")
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return fmt.Errorf("%s: %w", path, InJSONsWords(err))
		}
		name, _ := token.(string)
		field, ok := fields[name]
		if !ok {
			return &fieldError{path, name, slices.Sorted(maps.Keys(fields))}
		}
		if seen[name] {
			return fmt.Errorf("%s.%s: given twice", path, name)
		}
		seen[name] = true
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return fmt.Errorf("%s.%s: %w", path, name, InJSONsWords(err))
		}
		if err := assign(path+"."+name, value, field); err != nil {
			return err
		}
	}
	decoder.Token() // the closing brace
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: more follows the object", path)
	}
	return nil
}

// fieldError is of a field that an object does not have; here are those that it has.
type fieldError struct {
	path, name string
	here       []string
}

func (e *fieldError) Error() string {
	return fmt.Sprintf("%s.%.60s: unknown field; %s", e.path, e.name, Instead(e.name, e.here))
}

// elsewhere says of a field that is unknown where in the parameters of a run it stands; the error as it is where it stands nowhere. A name
// with a dot is a path: {"train.steps": 1} is meant as {"train": {"steps": 1}}.
func elsewhere(err error) error {
	e := (*fieldError)(nil)
	if !errors.As(err, &e) {
		return err
	}
	part, inner, dotted := strings.Cut(e.name, ".")
	var places []string
	for name, fields := range parts() {
		switch {
		case name == e.name:
			places = append(places, "$."+name)
		case slices.Contains(fields, e.name):
			places = append(places, "$."+name+"."+e.name)
		case dotted && name == part && e.path == "$":
			return fmt.Errorf("$.%.60s: unknown field; write {%q: {%q: ...}}", e.name, part, append(Alike(inner, fields), inner)[0])
		}
	}
	if len(places) == 0 {
		return err
	}
	slices.Sort(places)
	return fmt.Errorf("%s.%.60s: unknown field; there is %s", e.path, e.name, strings.Join(places, " and "))
}

// parts are the names of the parameters of a run, each with those of its fields, if it is an object.
func parts() map[string][]string {
	var p Params
	fields, names := map[string]reflect.Value{}, map[string][]string{}
	fieldsOf(reflect.ValueOf(&p).Elem(), fields)
	for name, v := range fields {
		names[name] = nil
		if v.Kind() == reflect.Struct {
			inner := map[string]reflect.Value{}
			fieldsOf(v, inner)
			names[name] = slices.Sorted(maps.Keys(inner))
		}
	}
	return names
}

// fieldsOf collects the fields of a struct by their JSON names, those of embedded structs included.
func fieldsOf(v reflect.Value, fields map[string]reflect.Value) {
	for i := 0; i < v.NumField(); i++ {
		if v.Type().Field(i).Anonymous {
			fieldsOf(v.Field(i), fields)
			continue
		}
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = v.Field(i)
	}
}

func wrongType(path string, raw json.RawMessage, wanted string) error {
	return fmt.Errorf("%s: wanted %s, got %.60s", path, wanted, bytes.TrimSpace(raw))
}
