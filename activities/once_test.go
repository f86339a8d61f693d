package activities

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"crosssum/internal/crawl"
	"crosssum/internal/fault"
	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
)

func TestAnActivitySaysItsErrorOnce(t *testing.T) {
	typed := fault.New(schemas.InvalidInput, "no file of hindi")
	for name, err := range map[string]error{
		"of a class":              typed,
		"of a class, in another":  fmt.Errorf("ingest hindi: %w", typed),
		"of a crawl":              &crawl.InputError{Message: "no crawl"},
		"without a class":         fmt.Errorf("ingest hindi: %w", fmt.Errorf("hindi.jsonl: %w", &fs.PathError{Op: "open", Path: "hindi.jsonl", Err: fs.ErrPermission})),
		"several without a class": fmt.Errorf("ingest: %w", errors.Join(errors.New("one"), errors.New("two"))),
		"without anything within": errors.New("plain"),
	} {
		env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
		registerOne(env, &Activities{}, schemas.ScanActivity, func(context.Context, schemas.ScanInput) (schemas.Scanned, error) { return schemas.Scanned{}, err })
		_, got := env.ExecuteActivity(schemas.ScanActivity.Name, schemas.ScanInput{})
		var said *temporal.ApplicationError
		if !errors.As(got, &said) || said.Message() != err.Error() || said.Unwrap() != nil {
			t.Errorf("%s: %v, within it %v", name, got, errors.Unwrap(said))
		}
	}
	if err := classify(fmt.Errorf("stopped: %w", context.Canceled)); !errors.Is(err, context.Canceled) {
		t.Errorf("one that was cancelled: %v", err)
	}
}
