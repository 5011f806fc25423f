#!/usr/bin/env bash
# Resolve the pins: hashes, no addresses.  build < runtime < test < fuzz, each consistent with the last.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --universal --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links --quiet "$@"
}
compile requirements/build.in -o requirements/build.txt
compile pyproject.toml -c requirements/build.txt -o requirements/runtime.txt
# the tests use every extra but the object stores' clients, which need a store to talk to
compile pyproject.toml --extra fast --extra formats --extra parquet --extra cluster \
    --extra postgres --extra lsl --extra oidc --extra otel requirements/test.in \
    -c requirements/build.txt -c requirements/runtime.txt -o requirements/test.txt
compile pyproject.toml --extra formats --extra parquet requirements/fuzz.in \
    -c requirements/runtime.txt -c requirements/test.txt -o requirements/fuzz.txt
compile pyproject.toml --extra fast requirements/bench.in \
    -c requirements/build.txt -c requirements/runtime.txt -o requirements/bench.txt
compile pyproject.toml --extra oidc --extra otel requirements/docs.in \
    -c requirements/build.txt -c requirements/runtime.txt -c requirements/test.txt -o requirements/docs.txt
compile requirements/audit.in -o requirements/audit.txt
