#!/usr/bin/env bash
# Known advisories against every pin: audit.sh BIN.  An advisory that is accepted stands in
# ACCEPTED by name, with its reason.
set -uo pipefail
cd "$(dirname "$0")/.."
ACCEPTED=()
# ACCEPTED+=(--ignore-vuln PYSEC-0000-0)  # why it does not concern us
bad=0
for file in runtime test docs build; do
    echo "requirements/$file.txt:"
    said=$("$1/pip-audit" --requirement "requirements/$file.txt" --require-hashes --disable-pip \
        --progress-spinner off "${ACCEPTED[@]}" 2>&1)
    code=$?
    skipped=$(grep -c "could not be audited" <<<"$said")
    grep -v "could not be audited" <<<"$said" | tail -n 20
    if [ "$skipped" -gt 0 ]; then
        pins=$(grep -cE "^[A-Za-z0-9].*==" "requirements/$file.txt")
        echo "NOT CHECKED: $skipped of $pins pins; the advisory service does not know them from here"
        bad=3
    fi
    if [ $code -ne 0 ] && grep -qiE "ConnectionError|Max retries|NameResolution|timed out|ServiceError|HTTPError|ProxyError|JSONDecodeError|SSLError" <<<"$said"; then
        echo "NOT CHECKED: the advisory service does not answer from here; nothing is known of these pins"
        bad=3
    elif [ $code -ne 0 ] && [ $bad -eq 0 ]; then
        bad=1
    fi
done
exit $bad
