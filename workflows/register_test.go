package workflows_test

import (
	"errors"
	"strings"
	"testing"

	"crosssum/schemas"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// payload is one as a client of any language may send it.
func payload(encoding, data string) converter.RawValue {
	return converter.NewRawValue(&common.Payload{Metadata: map[string][]byte{"encoding": []byte(encoding)}, Data: []byte(data)})
}

func TestARunOfATypeThatThereIsNotNamesTheNearest(t *testing.T) {
	for name, nearest := range map[string]string{"Pipelin": "Pipeline", "pipeline": "Pipeline", "BuildDataSet": "BuildDataset", "Re-align": "Realign",
		"训练": "", strings.Repeat("x", 1000): ""} {
		env := newBoard().environment()
		env.ExecuteWorkflow(name, schemas.RawParams(`{}`), "more")
		var failure *temporal.ApplicationError
		if err := env.GetWorkflowError(); !errors.As(err, &failure) || failure.Type() != schemas.InvalidInput || !failure.NonRetryable() ||
			!strings.Contains(err.Error(), "there is no workflow type ") || !strings.Contains(err.Error(), "nearest are "+nearest) || len(failure.Message()) > 300 {
			t.Errorf("%.40s: %v", name, err)
		}
	}
}

func TestInputsThatAreNotOneJSONObjectAreRefusedInJSONsWords(t *testing.T) {
	object := payload("json/plain", "{}")
	for _, c := range []struct {
		inputs []any
		want   string
	}{
		{[]any{object, object}, "$: several inputs were given: wanted one"},
		{[]any{object, object, object}, "$: several inputs were given: wanted one"},
		{[]any{"sample", "english"}, "$: several inputs were given: wanted one"},
		{[]any{object, nil}, "$: several inputs were given: wanted one"},
		{[]any{"{}"}, "$: wanted a JSON object, got a string"},
		{[]any{7}, "$: wanted a JSON object, got a number"},
		{[]any{[]string{"sample"}}, "$: wanted a JSON object, got a list"},
		{[]any{true}, "$: wanted a JSON object, got a boolean"},
		{[]any{payload("json/plain", "{'crawl': 'sample'}")}, "$: not JSON: byte 2: invalid character"},
		{[]any{payload("json/plain", `{"crawl": "sample"`)}, "$: not JSON: byte 18: unexpected end of JSON input"},
		{[]any{payload("binary/encrypted", "\x00\x01")}, `$: the input's encoding is "binary/encrypted": wanted json/plain`},
		{[]any{payload("", "{}")}, `$: the input's encoding is "": wanted json/plain`},
	} {
		for _, name := range []string{schemas.PipelineWorkflow, schemas.BuildDatasetWorkflow, schemas.TrainWorkflow, schemas.CalibrateWorkflow, schemas.RealignWorkflow} {
			b := newBoard()
			env := b.environment()
			env.ExecuteWorkflow(name, c.inputs...)
			var failure *temporal.ApplicationError
			if err := env.GetWorkflowError(); !errors.As(err, &failure) || failure.Type() != schemas.InvalidInput || !strings.HasPrefix(failure.Message(), c.want) ||
				strings.Contains(failure.Message(), "Go ") || len(b.computed) > 0 {
				t.Errorf("%s of %v: wanted %s, got %v", name, c.inputs, c.want, err)
			}
		}
	}
}

func TestARealignThatContinuesAnotherTakesTwoInputsAndNoThird(t *testing.T) {
	before := schemas.RealignResult{Taken: []schemas.TakenCrawl{{Number: 1, Crawl: "w1", Digest: "digest of w1"}}}
	for _, c := range []struct {
		inputs []any
		want   string
	}{
		{[]any{payload("json/plain", "{}"), before}, ""},
		{[]any{payload("json/plain", "{}")}, ""},
		{[]any{payload("json/plain", "{}"), before, "more"}, "$: several inputs were given"},
		{[]any{payload("json/plain", "{}"), "more"}, "the result of the run before: wanted an object, got a string"},
	} {
		env := newLedger("w1").environment()
		env.SetContinuedExecutionRunID("the run before")
		env.ExecuteWorkflow(schemas.RealignWorkflow, c.inputs...)
		if err := env.GetWorkflowError(); c.want == "" != (err == nil) || c.want != "" && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: wanted %q, got %v", c.inputs, c.want, err)
		}
	}
}

func TestAnInputThatIsOneObjectIsReadWhateverClientSendsIt(t *testing.T) {
	for _, inputs := range [][]any{{}, {nil}, {payload("json/plain", "{}")}, {payload("json/protobuf", "{}")}, {[]byte("{}")}, {map[string]any{"seed": 3}}} {
		env := newBoard().environment()
		env.ExecuteWorkflow(schemas.BuildDatasetWorkflow, inputs...)
		if err := env.GetWorkflowError(); err != nil {
			t.Errorf("%v: %v", inputs, err)
		}
	}
}
