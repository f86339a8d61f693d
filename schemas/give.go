package schemas

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Give says how a person gives the parameter at a path ("train.mini_batch") a value. It is a pure function of both, which the checker of
// workflow code cannot see through encoding/json.
//
//workflowcheck:ignore
func Give(path string, value any) string {
	raw, err := json.Marshal(value)
	if err != nil { // of a number that JSON does not have
		raw = []byte("...")
	}
	names, object := strings.Split(path, "."), string(raw)
	for i := len(names) - 1; i >= 0; i-- {
		object = fmt.Sprintf("{%q: %s}", names[i], object)
	}
	tool := ""
	if rest, ok := strings.CutPrefix(path, "train."); ok {
		tool = fmt.Sprintf("; of ./crosssum train: {%q: %s}", rest, raw)
	}
	return fmt.Sprintf("%s in the file of --params, or in the form's JSON%s", object, tool)
}

// Shares says how a person gives the shares of the splits: all three, since they make 100 together.
//
//workflowcheck:ignore
func Shares() string {
	return Give("split", json.RawMessage(`{"train_percent": 80, "val_percent": 10, "test_percent": 10}`))
}

// Fitted says that a training takes a smaller mini-batch than it was asked for.
func Fitted(asked, taken int) string {
	return fmt.Sprintf("train.mini_batch is %d in place of %d, since no pair has %[2]d training samples. To choose it: %s", taken, asked,
		Give("train.mini_batch", taken))
}
