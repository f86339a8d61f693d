package workflows

import (
	"errors"
	"fmt"
	"time"

	"crosssum/schemas"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// turn is open for as long as the Realign run that has begun it works on a catalogue. The server keeps one open workflow of an id, so of
// all runs on a catalogue, whoever started them and under whichever policies, one has it; and it asks the turn to end when the run has
// ended in any way.
func turn(ctx workflow.Context) error {
	ctx.Done().Receive(ctx, nil)
	return nil
}

// leastTurn and mostTurn are the waits between two tries to get the turn.
const leastTurn, mostTurn = time.Second, time.Minute

// turn waits until no other run works on the catalogue. again: the history has grown long over that, and the run is to continue as a new one.
func (r *realignment) turn() (over func(), again bool) {
	over = func() {}
	if workflow.GetVersion(r.ctx, "one-realign-at-a-time", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return over, false
	}
	for wait := leastTurn; ; wait = min(2*wait, mostTurn) {
		ctx, cancel := workflow.WithCancel(r.ctx)
		ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: "one Realign at a time: " + r.asked.Catalogue,
			ParentClosePolicy: enums.PARENT_CLOSE_POLICY_REQUEST_CANCEL, StaticSummary: "of catalogue " + r.asked.Catalogue + ", by " + r.id})
		err := workflow.ExecuteChildWorkflow(ctx, schemas.TurnWorkflow).GetChildWorkflowExecution().Get(ctx, nil)
		if err == nil {
			return cancel, false
		}
		cancel()
		if another := (*temporal.ChildWorkflowExecutionAlreadyStartedError)(nil); !errors.As(err, &another) {
			r.err = err
			return over, false
		}
		if workflow.GetInfo(r.ctx).GetContinueAsNewSuggested() {
			return over, true
		}
		r.head = fmt.Sprintf("Catalogue %s; another run takes crawls into it, and this one waits for that\n\n", r.asked.Catalogue)
		r.show()
		if r.err = workflow.Sleep(r.ctx, wait); r.err != nil {
			return over, false
		}
	}
}
