package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"losscc/verify/python"
)

// child is one worker process and the three pipes to it.
type child struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	stderr *tail
}

// errLate says that no answer came in time.
var errLate = errors.New("late")

// spawn starts a worker; its first frame is still to be read.
func spawn(py, worker string, o Options) (*child, error) {
	c := &child{stderr: &tail{}}
	c.cmd = exec.Command(py, "-c", python.Worker,
		worker, strconv.FormatInt(o.memory()>>20, 10), o.level())
	c.cmd.Stderr = c.stderr
	// Whoever inherited the pipe from a dead child must not keep us waiting.
	c.cmd.WaitDelay = patience
	// One thread each: the jobs are small, and results must not depend on how
	// many cores there are. Nothing is to be left beside the user's modules.
	c.cmd.Env = append(os.Environ(),
		"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1",
		"PYTHONDONTWRITEBYTECODE=1", "PYTHONUTF8=1")
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if c.stdout, err = c.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	return c, nil
}

// exchange writes frame and reads the answer. Any error leaves the child in no
// state to go on: the caller kills it.
func (c *child) exchange(ctx context.Context, limit time.Duration, frame []byte) (*reply, []byte, error) {
	type answer struct {
		rep  *reply
		body []byte
		err  error
	}
	// Writing may block as long as reading may, when the child is stuck. The
	// goroutine ends when the child is killed, which closes the pipes.
	done := make(chan answer, 1)
	go func() {
		if _, err := c.stdin.Write(frame); err != nil {
			done <- answer{err: err}
			return
		}
		rep, body, err := decode(c.stdout)
		done <- answer{rep, body, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.rep, a.body, a.err
	case <-timer.C:
		return nil, nil, errLate
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// patience is how long a child may take to die of itself after its pipes are
// closed, so that its own account of a crash is not cut short.
const patience = 2 * time.Second

// end closes the child's input, at which a healthy one ends of itself, waits
// for that, and says how it ended.
func (c *child) end() string {
	c.stdin.Close()
	ended := make(chan error, 1)
	go func() { ended <- c.cmd.Wait() }()
	select {
	case err := <-ended:
		return died(err)
	case <-time.After(patience):
		c.cmd.Process.Kill()
		<-ended
		return "it stopped answering"
	}
}

// kill ends the child at once.
func (c *child) kill() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

func died(err error) string {
	if err == nil {
		return "it ended without an answer"
	}
	return fmt.Sprintf("it died: %v", err)
}

// tail is a writer that keeps the last few kilobytes.
type tail struct {
	mu   sync.Mutex
	data []byte
}

const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if extra := len(t.data) - tailSize; extra > 0 {
		t.data = append(t.data[:0], t.data[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}
