#!/usr/bin/env bash
# Bring in the system programs that some tests use, where this machine allows it.
# Without them those tests skip and say why; nothing here may fail the run.
set -u
has_postgres() { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; }
has_chromium() { command -v chromium chromium-browser google-chrome >/dev/null; }
wanted=""
command -v dbus-daemon >/dev/null || wanted="$wanted dbus"
has_postgres || wanted="$wanted postgresql"
has_chromium || wanted="$wanted chromium"
command -v Rscript >/dev/null || wanted="$wanted r-base-core"
[ -z "$wanted" ] && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "installing$wanted (for the tests of the fake Bluetooth daemon, of the store, of the web page and of the R examples) ..."
    # shellcheck disable=SC2086  # one word a package
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends $wanted; } >/dev/null 2>&1
fi
command -v dbus-daemon >/dev/null || echo "dbus-daemon is not here: the BlueZ tests will skip"
has_postgres || echo "PostgreSQL is not here: the tests of the store on it will skip"
has_chromium || echo "Chromium is not here: the tests of the web page will skip"
command -v Rscript >/dev/null || echo "R is not here: the R examples will not be run"
exit 0
