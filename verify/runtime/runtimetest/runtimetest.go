package runtimetest

import (
	"os"
	"sync"
	"testing"

	"losscc/verify/runtime"
)

// Require is the variable that, set to 1, makes a missing runtime a failure:
// verify/test.sh sets it, since it has installed them all.
const Require = "LOSSCC_REQUIRE_RUNTIMES"

// Need is a session with the runtime of that name, shared by all tests of the
// process so that its start is paid once. It skips the test where the runtime
// is missing, or fails it where Require is set.
func Need(t testing.TB, name string) *runtime.Session {
	t.Helper()
	return NeedWith(t, name, runtime.Options{})
}

// NeedWith is Need with options; sessions with equal options are shared.
func NeedWith(t testing.TB, name string, o runtime.Options) *runtime.Session {
	t.Helper()
	rt, err := runtime.Find(name)
	if err != nil {
		if os.Getenv(Require) == "1" {
			t.Fatalf("%s=1, but: %v", Require, err)
		}
		t.Skipf("NOT TESTED against %s: %v", name, err)
	}
	mu.Lock()
	defer mu.Unlock()
	key := shared{name, o}
	if sessions[key] == nil {
		sessions[key] = rt.Start(o)
	}
	return sessions[key]
}

type shared struct {
	name    string
	options runtime.Options
}

// The children of these sessions end with the test process, at the end of
// their input.
var (
	mu       sync.Mutex
	sessions = map[shared]*runtime.Session{}
)
