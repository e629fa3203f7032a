#!/usr/bin/env bash
# The tests of the web: every file of every loss in onnxruntime-web and in
# onnxruntime-node, the module of `losscc bridge javascript`, its types, and the
# page of demo/ in a headless Chromium. About one minute, and one more the first
# time, for the packages.
#
#     bash verify/web/test.sh
#
# It wants Node 20 or later with npm; where they are not it says so and ends
# well. Chromium is looked for on the path and in
# $CHROMIUM; where it is not, root gets it from apt. Where that cannot be, the
# page is not tested, which is said too; under LOSSCC_CI a Chromium that apt
# should have given is a failure.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"

not_run() { printf '   NOT RUN: %s\n' "$1" >&2; }
fail() { printf '   FAILED: %s\n' "$1" >&2; exit 1; }

major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) || major=0
if ((major < 20)) || ! command -v npm >/dev/null; then
  not_run "the web's tests: they want Node 20 or later, with npm"
  exit 0
fi

LOSSCC_NODE_MODULES=$(./packages.sh </dev/null) || fail "the Node packages could not be set up (see above)"
export LOSSCC_NODE_MODULES

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -z ${LOSSCC:-} ]]; then
  (cd ../.. && go build -o "$work/losscc" ./cmd/losscc)
  export LOSSCC=$work/losscc
fi

have_chromium() {
  [[ -n ${CHROMIUM:-} ]] || command -v chromium chromium-browser google-chrome >/dev/null
}
installable() { [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; }

if ! have_chromium && installable; then
  printf '   installing chromium with apt-get\n' >&2
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } \
    </dev/null >"$work/apt" 2>&1 || { tail -n 5 "$work/apt" >&2; not_run "apt-get could not install chromium"; }
fi
if have_chromium; then
  export LOSSCC_REQUIRE_CHROMIUM=1
else
  [[ -z ${LOSSCC_CI:-} ]] || ! installable || fail "no Chromium is here, though apt-get is, and LOSSCC_CI asks for one"
  not_run "the page: no Chromium is here; on Debian: apt install chromium, or CHROMIUM=/path/to/chrome"
fi

"$LOSSCC_NODE_MODULES/.bin/tsc" -p . || fail "the types (see above)"

# What passed is counted, what failed is shown.
if ! timeout 900 node --test --test-reporter=tap test/*.test.mjs </dev/null >"$work/tap" 2>&1; then
  grep -B 6 -A 20 '^ *not ok' "$work/tap" | head -n 150 >&2
  fail "Node's tests; node --test verify/web/test/*.test.mjs says more, with LOSSCC_NODE_MODULES=$LOSSCC_NODE_MODULES"
fi
count() { sed -n "s/^# $1 //p" "$work/tap"; }
printf '   %s tests passed, %s skipped, Node %s\n' "$(count pass)" "$(count skipped)" "$(node --version)"
