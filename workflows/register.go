package workflows

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"crosssum/schemas"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// types are the workflows by the names that they are started by.
var types = map[string]any{
	schemas.PipelineWorkflow:     document(Pipeline),
	schemas.BuildDatasetWorkflow: document(BuildDataset),
	schemas.TrainWorkflow:        document(Train),
	schemas.CalibrateWorkflow:    document(Calibrate),
	schemas.RealignWorkflow:      realign,
}

// names are the keys of types, in their order.
var names = []string{schemas.BuildDatasetWorkflow, schemas.CalibrateWorkflow, schemas.PipelineWorkflow, schemas.RealignWorkflow, schemas.TrainWorkflow}

// Register puts every workflow on a registry, and one that answers to every other name.
func Register(registry worker.WorkflowRegistry) {
	for _, name := range names {
		registry.RegisterWorkflowWithOptions(types[name], workflow.RegisterOptions{Name: name})
	}
	registry.RegisterWorkflowWithOptions(turn, workflow.RegisterOptions{Name: schemas.TurnWorkflow}) // which no person starts
	registry.RegisterDynamicWorkflow(unknown, workflow.DynamicRegisterOptions{})
}

// unknown fails a run of a type that there is not: without it the run would wait for a worker that knows the type, for ever.
func unknown(ctx workflow.Context, _ converter.EncodedValues) error {
	name := workflow.GetInfo(ctx).WorkflowType.Name
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf("there is no workflow type %.64q: nearest are %s (version %s)", name,
		strings.Join(schemas.Nearest(name, names, 3), ", "), schemas.Version), schemas.InvalidInput, nil)
}

// document makes of a workflow that takes parameters one that takes payloads as they come: Temporal's converter would drop all behind
// the first one, and say in Go's words what is wrong with that.
func document[R any](run func(workflow.Context, schemas.RawParams) (R, error)) func(ctx workflow.Context, first, second converter.RawValue) (R, error) {
	return func(ctx workflow.Context, first, second converter.RawValue) (none R, err error) {
		raw, err := single(ctx, first, second)
		if err != nil {
			return none, err
		}
		return run(ctx, raw)
	}
}

// realign is Realign as payloads come. The second one is a run's that continues another.
func realign(ctx workflow.Context, first, second, third converter.RawValue) (none schemas.RealignResult, err error) {
	var before *schemas.RealignResult
	if workflow.GetInfo(ctx).ContinuedExecutionRunID != "" {
		if before, err = earlier(second.Payload()); err != nil {
			return none, invalid(err)
		}
		second = third
	}
	raw, err := single(ctx, first, second)
	if err != nil {
		return none, err
	}
	return Realign(ctx, raw, before)
}

// earlier decodes what the runs before this one did. It is a pure function of the payload.
//
//workflowcheck:ignore
func earlier(p *common.Payload) (before *schemas.RealignResult, err error) {
	if p == nil {
		return nil, nil
	}
	if err := json.Unmarshal(p.GetData(), &before); err != nil {
		return nil, fmt.Errorf("the result of the run before: %w", schemas.InJSONsWords(err))
	}
	return before, nil
}

// single is the JSON of the one input of a run; none at all is "". A run of version 0.1.0 that began with several went on with the first.
func single(ctx workflow.Context, first, second converter.RawValue) (schemas.RawParams, error) {
	if second.Payload() != nil && workflow.GetVersion(ctx, "one_input", workflow.DefaultVersion, 1) != workflow.DefaultVersion {
		return nil, invalid(fmt.Errorf("$: several inputs were given: wanted one, a JSON object with all parameters"))
	}
	p := first.Payload()
	encoding := string(p.GetMetadata()[converter.MetadataEncoding])
	if p != nil && !slices.Contains(ofJSON, encoding) {
		return nil, invalid(fmt.Errorf("$: the input's encoding is %.64q: wanted %s", encoding, converter.MetadataEncodingJSON))
	}
	return p.GetData(), nil
}

// ofJSON are the encodings of payloads whose bytes are JSON, or none.
var ofJSON = []string{converter.MetadataEncodingJSON, converter.MetadataEncodingProtoJSON, converter.MetadataEncodingBinary, converter.MetadataEncodingNil}
