package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/lines"
	"crosssum/internal/fault"
	"crosssum/schemas"

	"golang.org/x/sys/unix"
)

// OpCancel asks the running request to stop; it is answered by that request's error, not by an event of its own.
const OpCancel = "cancel"

// Canceled is the type of the error that a request ends with after OpCancel.
const Canceled = "Canceled"

// Handler does one request. A nil error sends the result; an *fault.Error is sent as it is, any other as EngineError.
type Handler func(ctx context.Context, args json.RawMessage, report Report) (any, error)

// Typed makes a Handler of a function of a request type; fields that the type lacks are an error.
func Typed[A, R any](f func(context.Context, A, Report) (R, error)) Handler {
	return func(ctx context.Context, raw json.RawMessage, report Report) (any, error) {
		var args A
		if len(raw) > 0 {
			decoder := json.NewDecoder(bytes.NewReader(raw))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&args); err != nil {
				return nil, fault.New(schemas.InvalidInput, "engine: arguments: %v", err)
			}
		}
		return f(ctx, args, report)
	}
}

// progressEvery is the least time between two progress events.
const progressEvery = 200 * time.Millisecond

// maxRequest bounds a request line: they name files, they hold no rows.
const maxRequest = 16 << 20

// Main is what the native program runs: it takes the standard output for events, sends everything else that is printed to
// the standard error, and serves the standard input. It returns when the input was closed while idle; closed during a
// request, the process ends at once, since the files of that request belong to somebody who is gone.
func Main(handlers map[string]Handler) error {
	// Native libraries print where they like: only the events may reach the pipe.
	out, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("engine: standard output: %w", err)
	}
	if err := unix.Dup3(2, 1, 0); err != nil {
		return fmt.Errorf("engine: standard error: %w", err)
	}
	return Serve(os.Stdin, os.NewFile(uintptr(out), "events"), handlers, func() { os.Exit(0) })
}

// Serve reads requests from in and writes events to out, one request at a time. gone is called when in ends, or out cannot
// be written, during a request.
func Serve(in io.Reader, out io.Writer, handlers map[string]Handler, gone func()) error {
	s := &server{out: out, handlers: handlers, gone: gone}
	all := lines.NewReader(in, maxRequest)
	for {
		line, err := all.Whole()
		if err != nil {
			if s.busy() {
				gone()
				s.running.Wait()
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("engine: request: %w", err)
		}
		var request Request
		if err := json.Unmarshal(line, &request); err != nil {
			return fmt.Errorf("engine: request %.80q: %w", line, err)
		}
		if request.Op == OpCancel {
			s.cancel(request.ID)
			continue
		}
		s.start(request)
	}
}

type server struct {
	handlers map[string]Handler
	gone     func()
	running  sync.WaitGroup

	mu   sync.Mutex // guards out, id, stop
	out  io.Writer
	id   int64
	stop context.CancelFunc // of the request at work; nil when idle
}

func (s *server) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop != nil
}

func (s *server) cancel(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil && s.id == id {
		s.stop()
	}
}

func (s *server) start(request Request) {
	handler, ok := s.handlers[request.Op]
	if !ok {
		s.send(Event{ID: request.ID, Error: fault.New(schemas.InvalidInput,
			"engine: unknown operation %q: worker and engine are of different builds; ./crosssum setup makes them again", request.Op)})
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	s.mu.Lock()
	if s.stop != nil {
		s.mu.Unlock()
		stop()
		s.send(Event{ID: request.ID, Error: &fault.Error{Type: schemas.EngineError, Message: "engine: busy with another request"}})
		return
	}
	s.id, s.stop = request.ID, stop
	s.mu.Unlock()
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		s.answer(ctx, request, handler)
	}()
}

// answer runs one request. A panic is not caught: it ends the process with its stack, and the client counts a crash.
func (s *server) answer(ctx context.Context, request Request, handler Handler) {
	progress := &throttle{send: func(p schemas.Progress) { s.send(Event{ID: request.ID, Progress: &p}) }}
	result, err := handler(ctx, request.Args, progress.report)
	progress.flush()
	event := Event{ID: request.ID}
	if err == nil {
		event.Result, err = json.Marshal(result)
	}
	if err != nil {
		event.Error = classified(ctx, err)
	}
	s.mu.Lock()
	s.stop()
	s.stop = nil
	s.mu.Unlock()
	s.send(event)
}

// classified gives an error its class: the one that it has, else by what it says.
func classified(ctx context.Context, err error) *fault.Error {
	var typed *fault.Error
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return fault.Of(Canceled, err)
	case fault.Full(err) != nil:
		return fault.Full(err)
	case errors.Is(err, arrowfile.ErrBroken) && !errors.As(err, &typed):
		return fault.Of(schemas.CorruptObject, err)
	case fault.Shortage(err) != nil:
		return fault.Shortage(err)
	case errors.As(err, &typed):
		return &fault.Error{Type: typed.Type, Message: err.Error(), Final: typed.Final}
	}
	return fault.Of(schemas.EngineError, err)
}

func (s *server) send(event Event) {
	line, err := json.Marshal(event)
	if err != nil {
		line, _ = json.Marshal(Event{ID: event.ID, Error: fault.New(schemas.NotFinite, "engine: event: %v", err)})
	}
	s.mu.Lock()
	_, err = s.out.Write(append(line, '\n'))
	s.mu.Unlock()
	if err != nil {
		s.gone()
	}
}

// throttle passes on progress at most every progressEvery; the last one always gets through with flush.
type throttle struct {
	mu      sync.Mutex
	send    func(schemas.Progress)
	at      time.Time
	pending *schemas.Progress
}

func (t *throttle) report(p schemas.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); now.Sub(t.at) >= progressEvery {
		t.at, t.pending = now, nil
		t.send(p)
		return
	}
	t.pending = &p
}

func (t *throttle) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending != nil {
		t.send(*t.pending)
		t.pending = nil
	}
}
