#!/usr/bin/env bash
# Known advisories against every pin: audit.sh BIN.  An advisory that is accepted stands in
# ACCEPTED by name, with its reason.  Another service: PIP_AUDIT_VULNERABILITY_SERVICE=osv with
# PIP_AUDIT_OSV_URL.  Exit status: 0 clean, 1 an advisory, 3 the pins could not be checked.
set -uo pipefail
cd "$(dirname "$0")/.."
ACCEPTED=()
# ACCEPTED+=(--ignore-vuln PYSEC-0000-0)  # why it does not concern us
audited() { "$BIN/pip-audit" --requirement "$1" --disable-pip --progress-spinner off "${@:2}" 2>&1; }
BIN=$1 bad=0

# first a release whose advisory will not go away: a service that does not tell of it tells nothing
known=$(mktemp)
trap 'rm -f "$known"' EXIT
echo "py==1.11.0" >"$known"
control=$(audited "$known" --no-deps)
if ! grep -q "PYSEC-2022-42969" <<<"$control"; then
    echo "NOT CHECKED: the advisory service of this machine does not answer, or knows nothing: it" \
        "does not tell of py 1.11.0, whose advisory is known (PYSEC-2022-42969)"
    exit 3
fi
for file in runtime test docs build; do
    echo "requirements/$file.txt:"
    said=$(audited "requirements/$file.txt" --require-hashes "${ACCEPTED[@]}") || bad=1
    skipped=$(grep -c "could not be audited" <<<"$said")
    grep -v "could not be audited" <<<"$said" | tail -n 20
    if [ "$skipped" -gt 0 ]; then
        echo "NOT CHECKED: $skipped pins that the advisory service does not know"
        [ $bad -eq 1 ] || bad=3
    fi
done
exit $bad
