package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"losscc/verify/tensor"
)

// Options are the limits and switches of a Session; the zero value is usable.
type Options struct {
	// Timeout is how long one job may take: a minute if zero.
	Timeout time.Duration
	// Memory limits the child's address space in bytes, where the system can:
	// 4 GiB if zero, nothing if negative.
	Memory int64
	// Unoptimised turns ONNX Runtime's graph optimisation off, so that it runs
	// the nodes that the file has; others have none to turn off.
	Unoptimised bool
}

// Limits that Options leave open. Starting means importing large modules, from
// a cold disk at worst.
const (
	defaultTimeout = time.Minute
	defaultMemory  = 4 << 30
	startTimeout   = 2 * time.Minute
)

func (o Options) timeout() time.Duration {
	if o.Timeout > 0 {
		return o.Timeout
	}
	return defaultTimeout
}

func (o Options) memory() int64 {
	if o.Memory == 0 {
		return defaultMemory
	}
	return max(o.Memory, 0)
}

func (o Options) level() string {
	if o.Unoptimised {
		return "disabled"
	}
	return "all"
}

// Session keeps one child process and gives it one job at a time. It may be
// used from many goroutines.
type Session struct {
	runtime *Runtime
	options Options

	mu    sync.Mutex
	child *child // nil before the first job, after a crash and after Close
}

// Start is a session with r. Its child starts with the first job.
func (r *Runtime) Start(o Options) *Session { return &Session{runtime: r, options: o} }

// Runtime is what the session runs.
func (s *Session) Runtime() *Runtime { return s.runtime }

// Run evaluates a model once, in a child of its own. Where there is more than
// one job, a Session saves the start.
func (r *Runtime) Run(ctx context.Context, model []byte, in map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	s := r.Start(Options{})
	defer s.Close()
	return s.Run(ctx, model, in)
}

// Run evaluates model on the inputs in and gives all its outputs. Inputs are
// rounded to the type that the model declares; a float is never made an integer
// or the reverse. Errors are an *Error, or the context's.
func (s *Session) Run(ctx context.Context, model []byte, in map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	rep, body, err := s.do(ctx, "run", model, in)
	if err != nil {
		return nil, err
	}
	out, err := rep.tensors(body)
	if err != nil {
		return nil, s.verdict(ErrCrashed, "answer", err.Error(), "")
	}
	return out, nil
}

// Check has onnx judge model: its checker with full_check, strict shape
// inference, whether each declared output type is what inference finds without
// it, and whether it can be printed. Only the runtime "onnx" can.
func (s *Session) Check(ctx context.Context, model []byte) error {
	_, _, err := s.do(ctx, "check", model, nil)
	return err
}

// Print is model in onnx's own text syntax. Only the runtime "onnx" can.
func (s *Session) Print(ctx context.Context, model []byte) (string, error) {
	rep, _, err := s.do(ctx, "print", model, nil)
	if err != nil {
		return "", err
	}
	return rep.Text, nil
}

// Close ends the child. A session may be used again after it.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child != nil {
		s.child.end()
		s.child = nil
	}
	return nil
}

// do gives the child one job and waits for the answer, the limit or ctx.
func (s *Session) do(ctx context.Context, job string, model []byte, in map[string]*tensor.Tensor) (*reply, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.options.timeout()
	// The worker's own limit is later than ours: it is for when we are gone.
	frame, err := encode(job, (limit + 10*time.Second).Seconds(), model, in)
	if err != nil {
		return nil, nil, s.verdict(ErrRejected, "inputs", err.Error(), "")
	}
	if s.child == nil {
		c, err := s.start(ctx)
		if err != nil {
			return nil, nil, err
		}
		s.child = c
	}
	rep, body, err := s.child.exchange(ctx, limit, frame)
	if err != nil {
		return nil, nil, s.bury(job, limit, err)
	}
	if !rep.OK {
		kind := ErrRejected
		if rep.What == "memory" {
			kind = ErrMemory
		}
		return nil, nil, s.verdict(kind, rep.Stage, rep.Message, "")
	}
	return rep, body, nil
}

// start makes a child and waits until it has imported the runtime.
func (s *Session) start(ctx context.Context) (*child, error) {
	c, err := spawn(s.runtime.python, s.runtime.row.worker, s.options)
	if err != nil {
		return nil, s.verdict(ErrCrashed, "start", err.Error(), "")
	}
	s.child = c
	if _, _, err := c.exchange(ctx, startTimeout, nil); err != nil {
		return nil, s.bury("start", startTimeout, err)
	}
	return c, nil
}

// bury ends a child that did not answer within limit, and says what became of
// it.
func (s *Session) bury(stage string, limit time.Duration, err error) error {
	c := s.child
	s.child = nil
	switch {
	case err == errLate:
		c.kill()
		return s.verdict(ErrTimeout, stage, fmt.Sprintf("no answer within %v", limit), c.stderr.String())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		c.kill()
		return fmt.Errorf("%v: %w", s.runtime, err)
	}
	exit := c.end()
	return s.verdict(ErrCrashed, stage, exit, c.stderr.String())
}

func (s *Session) verdict(kind error, stage, detail, stderr string) error {
	return &Error{Kind: kind, Runtime: s.runtime.String(), Stage: stage, Detail: detail, Stderr: stderr}
}
