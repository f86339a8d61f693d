package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"crosssum/internal/operation/live"
	"crosssum/schemas"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sys/unix"
)

// logEvery is how often a log (not a terminal) gets the lines of the stages at work.
const logEvery = 5 * time.Second

// logWidth is the width of lines that name reused units.
const logWidth = 118

// watch draws the run's progress on standard output until it is closed.
func watch(ctx context.Context, c client.Client, run client.WorkflowRun) error {
	ended := make(chan error, 1)
	go func() { ended <- run.Get(ctx, nil) }()
	screen := newScreen()
	tick := time.NewTicker(screen.every)
	defer tick.Stop()
	board := &live.Board{}
	for {
		select {
		case err := <-ended:
			if ctx.Err() == nil {
				look(ctx, c, run, board)
			}
			screen.finish(board)
			return err
		case <-ctx.Done():
			screen.finish(board)
			return ctx.Err()
		case <-tick.C:
			look(ctx, c, run, board)
			screen.draw(board)
		}
	}
}

// look asks for the state of the run, by its workflow id: it may have continued as a new run. A worker that is away or busy
// answers no query: the last answer stays.
func look(ctx context.Context, c client.Client, run client.WorkflowRun, board *live.Board) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	snapshot := live.Snapshot{Stages: board.Stages()}
	if value, err := c.QueryWorkflow(ctx, run.GetID(), "", schemas.ProgressQuery); err == nil {
		var stages []schemas.StageProgress
		if value.Get(&stages) == nil {
			snapshot.Stages = stages
		}
	}
	if d, err := c.DescribeWorkflowExecution(ctx, run.GetID(), ""); err == nil {
		for _, p := range d.GetPendingActivities() {
			a := live.Activity{ID: p.GetActivityId(), Stage: strings.TrimSuffix(p.GetActivityType().GetName(), ".plan"),
				Attempt: int(p.GetAttempt()), Failure: p.GetLastFailure().GetMessage()}
			if details := p.GetHeartbeatDetails(); details != nil && p.GetState() == enums.PENDING_ACTIVITY_STATE_STARTED {
				_ = converter.GetDefaultDataConverter().FromPayloads(details, &a.Progress) // of another version: no details
			}
			snapshot.Active = append(snapshot.Active, a)
		}
	}
	board.Update(snapshot, time.Now())
}

// screen is standard output: a terminal, where the board is drawn in place, or a log, which gets a line now and then.
type screen struct {
	terminal bool
	every    time.Duration
	drawn    int // lines of the board on the terminal
	logged   time.Time
	said     map[string]bool // ends of stages and failed attempts that the log has
}

func newScreen() *screen {
	s := &screen{every: time.Second, said: map[string]bool{}, logged: time.Now()}
	_, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS)
	s.terminal = err == nil && os.Getenv("TERM") != "dumb"
	return s
}

func (s *screen) draw(board *live.Board) {
	now := time.Now()
	if !s.terminal {
		s.log(board, now)
		return
	}
	lines := board.Lines(terminalWidth(), now)
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn)
	}
	for _, line := range lines {
		b.WriteString("\r\x1b[K" + line + "\n")
	}
	b.WriteString("\x1b[J")
	s.drawn = len(lines)
	os.Stdout.WriteString(b.String())
}

// log prints the end of every stage and every failed attempt once, and every few seconds what is at work.
func (s *screen) log(board *live.Board, now time.Time) {
	lines := board.Retried()
	for _, stage := range board.Stages() {
		if stage.State == "done" {
			lines = append(lines, strings.TrimSpace(stage.Crawl+" "+live.Title(stage.Stage))+": "+live.Finished(stage))
			lines = append(lines, live.Reused(stage, logWidth)...)
		}
	}
	for _, line := range lines {
		if !s.said[line] {
			s.said[line] = true
			fmt.Println(line)
		}
	}
	if now.Sub(s.logged) >= logEvery {
		s.logged = now
		for _, line := range board.Running(now) {
			fmt.Println("  " + line)
		}
	}
}

func (s *screen) finish(board *live.Board) {
	if !s.terminal {
		s.log(board, s.logged)
		return
	}
	s.draw(board)
	width := logWidth
	if w := terminalWidth(); w > 0 {
		width = min(width, w)
	}
	for _, stage := range board.Stages() {
		for _, line := range live.Reused(stage, width) {
			fmt.Println(line)
		}
	}
}

// terminalWidth is the width of the terminal in characters; 0 if it cannot be told.
func terminalWidth() int {
	size, err := unix.IoctlGetWinsize(int(os.Stdout.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
