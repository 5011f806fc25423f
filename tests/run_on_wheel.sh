#!/usr/bin/env bash
# Build the wheel, install it (and nothing of this checkout) into a fresh environment that
# borrows the pinned dependencies of .venv, and run tests against it from another folder.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python="$root/.venv/bin/python"
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --wheel-dir "$work" "$root"
"$python" -m venv --without-pip "$work/env"
site="$("$work/env/bin/python" -c 'import site; print(site.getsitepackages()[0])')"
"$python" -m pip --python "$work/env/bin/python" install --quiet --disable-pip-version-check \
    --no-deps --no-index "$work"/*.whl
# the dependencies, without the editable install of the checkout
"$python" - "$site" <<'PY'
import pathlib, site, sys
source, target = pathlib.Path(site.getsitepackages()[0]), pathlib.Path(sys.argv[1])
for entry in source.iterdir():
    ours = entry.name.startswith(("hrv_recovery", "_hrv_recovery", "_editable_impl_hrv"))
    if not ours and not (target / entry.name).exists():
        (target / entry.name).symlink_to(entry)
PY
cp -r "$root/tests" "$root/sample_data" "$root/docs" "$root/pyproject.toml" \
    "$root/schemathesis.toml" "$work"
cd "$work"
env/bin/python -c "import hrv, pathlib; assert pathlib.Path(hrv.__file__).is_relative_to(\"$work\")"
# what packaging can break: modules, templates, migrations, static files, sample data.  What the
# whole suite shows of behaviour it has shown on the checkout.
env/bin/python -m pytest -n 2 -q "$@" tests/test_imports.py tests/api/test_*.py tests/api/web \
    tests/api/service/test_{road,migrations,openapi,plans,http}.py tests/hrv tests/ingest/test_*.py
