#!/usr/bin/env bash
# Bring in the system programs that some tests use, where this machine allows it.
# Without them those tests skip and say why; nothing here may fail the run.
set -u
command -v dbus-daemon >/dev/null && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "installing dbus (for the fake Bluetooth daemon of the strap tests) ..."
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends dbus; } >/dev/null 2>&1
fi
command -v dbus-daemon >/dev/null || echo "dbus-daemon is not here: the BlueZ tests will skip"
exit 0
