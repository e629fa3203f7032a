#!/usr/bin/env bash
# Prints the folder of the Node packages that package-lock.json pins by version
# and hash, after installing them there if they are not. It stands outside the
# checkout, below $LOSSCC_VENV or else below losscc in the user's cache, in a
# folder named after Node's major version and the lock file's hash.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() { printf 'packages.sh: %s\n' "$1" >&2; exit 4; }

major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) ||
  fail "no node on the path; Node 20 or later is wanted, with npm"
((major >= 20)) || fail "found Node $major, want 20 or later"
command -v npm >/dev/null || fail "no npm on the path; it comes with Node, on Debian as the package npm"

cache=${LOSSCC_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/losscc}
digest=$(node -p 'require("crypto").createHash("sha256").update(require("fs").readFileSync(process.argv[1])).digest("hex").slice(0, 12)' "$here/package-lock.json")
home=$cache/web-node$major-$digest

mkdir -p "$cache"
# A second run that begins meanwhile waits for the first.
if command -v flock >/dev/null; then
  exec 9>"$cache/.lock-web"
  flock 9
fi
if [[ ! -f $home/.complete ]]; then
  printf 'installing package-lock.json into %s\n' "$home" >&2
  rm -rf "$home"
  mkdir -p "$home"
  cp "$here/package.json" "$here/package-lock.json" "$home"
  # No script of a package runs: onnxruntime-node's would fetch CUDA.
  (cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
    fail "npm ci failed (see above); the first run needs a network to fetch about 130 MB of packages"
  touch "$home/.complete"
fi
printf '%s\n' "$home/node_modules"
