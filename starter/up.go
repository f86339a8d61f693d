package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"crosssum/internal/operation/live"
	"crosssum/internal/operation/processes"
	"crosssum/schemas"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// up keeps server, UI and worker running in the background.
func up(ctx context.Context, args []string) error {
	set := flags("up", "up [flags]", "Starts the Temporal server with its web UI and a worker in the background, where they are not running, and returns.\n"+
		"Everything listens on the loopback interface only. Data and logs are in data/.", "./crosssum up --address 127.0.0.1:7300 --ui-port 8300")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	if err := h.start(ctx, true, false); err != nil {
		h.stopOwn()
		return err
	}
	return h.status(ctx)
}

// down stops them.
func down(ctx context.Context, args []string) error {
	set := flags("down", "down", "Stops the worker and the Temporal server that `up`, `demo --keep` or an interrupted command left running. Open runs go on\n"+
		"from their last published unit or checkpoint when `up` is called again.", "./crosssum down")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	unlock, err := h.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, name := range []string{processes.WorkerName, processes.ServerName} {
		p, ok := h.keeper.Find(name)
		if !ok {
			say("%s: not running", name)
			continue
		}
		if err := h.keeper.Stop(name, h.patience(name)); err != nil {
			return err
		}
		say("%s: stopped (it was process %d)", name, p.PID)
	}
	return nil
}

// status tells what runs.
func status(ctx context.Context, args []string) error {
	set := flags("status", "status", "Says whether the Temporal server and the worker run and answer, where, and what the latest runs did.", "./crosssum status")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	return h.status(ctx)
}

func (h *house) status(ctx context.Context) error {
	serves := processes.Serves(ctx, h.config.Address)
	state := map[bool]string{true: "answers", false: "DOES NOT ANSWER"}
	if p, ok := h.keeper.Find(processes.ServerName); ok {
		fmt.Printf("Temporal server  %s, %s (process %d, log %s)\n", p.Address, state[serves], p.PID, p.Log)
		fmt.Printf("web UI           %s\n", h.runsURL())
	} else if serves {
		fmt.Printf("Temporal server  %s, answers, not started here\n", h.config.Address)
	} else {
		fmt.Println("Temporal server  not running; ./crosssum up starts it")
	}
	switch p, ok := h.keeper.Find(processes.WorkerName); {
	case ok && p.Outdated():
		fmt.Printf("worker           running (process %d), but built before the last change: ./crosssum up restarts it\n", p.PID)
	case ok:
		fmt.Printf("worker           running (process %d, log %s)\n", p.PID, p.Log)
	default:
		fmt.Println("worker           not running; ./crosssum up starts it")
	}
	if !serves {
		return nil
	}
	return h.latest(ctx, 5)
}

// latest prints the newest runs.
func (h *house) latest(ctx context.Context, n int32) error {
	c, err := h.client()
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: h.config.Namespace, PageSize: n,
		Query: fmt.Sprintf("WorkflowType != '%s'", schemas.TurnWorkflow)})
	if err != nil {
		return h.blame(fmt.Errorf("listing runs of namespace %s: %w", h.config.Namespace, err))
	}
	for i, e := range r.GetExecutions() {
		if i == 0 {
			fmt.Println("latest runs")
		}
		took := time.Since(e.GetStartTime().AsTime())
		if e.GetCloseTime() != nil {
			took = e.GetCloseTime().AsTime().Sub(e.GetStartTime().AsTime())
		}
		fmt.Printf("  %-28s %-13s %-10s %9s  %s\n", onOneLine(e.GetExecution().GetWorkflowId()), e.GetType().GetName(), e.GetStatus(), live.Clock(took),
			e.GetStartTime().AsTime().Local().Format("2006-01-02 15:04"))
		for _, line := range append(h.standsStill(ctx, c, e), doing(ctx, c, e)...) {
			fmt.Println("      " + line)
		}
	}
	return nil
}

// doing says what a run is at, or what a realignment that has ended passed over.
func doing(ctx context.Context, c client.Client, e *workflow.WorkflowExecutionInfo) (lines []string) {
	run := c.GetWorkflow(ctx, e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId())
	var r schemas.RealignResult
	switch {
	case e.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
		board := &live.Board{}
		look(ctx, c, run, board)
		return append(board.Running(time.Now()), board.Retried()...)
	case e.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED && e.GetType().GetName() == schemas.RealignWorkflow && run.Get(ctx, &r) == nil:
		if len(r.Taken) == 0 {
			lines = append(lines, fmt.Sprintf("took no crawl; %d were taken before", r.Before))
		}
		return append(lines, r.PassedOver.Lines()...)
	}
	return nil
}

// standsStill says why a run goes nowhere whose workflow code fails, as it does under a worker that cannot take up its history. It is
// tried again for ever, so that the worker's log alone would tell.
func (h *house) standsStill(ctx context.Context, c client.Client, e *workflow.WorkflowExecutionInfo) []string {
	if e.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil
	}
	d, err := c.DescribeWorkflowExecution(ctx, e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId())
	tries := d.GetPendingWorkflowTask().GetAttempt()
	if err != nil || tries < 2 {
		return nil
	}
	last, err := c.WorkflowService().GetWorkflowExecutionHistoryReverse(ctx, &workflowservice.GetWorkflowExecutionHistoryReverseRequest{
		Namespace: h.config.Namespace, Execution: e.GetExecution(), MaximumPageSize: 10})
	if err != nil {
		return nil
	}
	for _, event := range last.GetHistory().GetEvents() {
		failure := event.GetWorkflowTaskFailedEventAttributes().GetFailure().GetMessage()
		if failure == "" {
			continue
		}
		lines := []string{fmt.Sprintf("stands still: its worker has failed to go on %d times: %.200s", tries-1, onOneLine(failure))}
		if strings.Contains(failure, "TMPRL1100") {
			lines = append(lines, "a newer version has worked on it: go back to that one, or see docs/design.md, An upgrade amid a run")
		}
		return lines
	}
	return nil
}

// onOneLine quotes what has line ends, or signs that a terminal would obey.
func onOneLine(id string) string {
	if strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(id)
	}
	return id
}

// runsURL is the web UI's page of the namespace's runs.
func (h *house) runsURL() string {
	if h.ui == "" {
		return ""
	}
	return fmt.Sprintf("%s/namespaces/%s/workflows", h.ui, h.config.Namespace)
}
