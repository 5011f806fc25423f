#!/bin/sh
# Within the guest: the system bus, the real bluetoothd, and the tests.
libraries=$unpacked/usr/lib/x86_64-linux-gnu:$unpacked/lib/x86_64-linux-gnu
export PATH="$unpacked/usr/bin:$unpacked/usr/sbin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
mkdir -p /run/hrv; export HOME=/run/hrv TMPDIR=/run/hrv PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1


mkdir -p /etc/dbus-1/system.d /var/run/dbus /run/dbus /var/lib/bluetooth
cp "$unpacked"/etc/dbus-1/system.d/bluetooth.conf "$unpacked"/usr/share/dbus-1/system.d/bluetooth.conf \
    /etc/dbus-1/system.d/ 2>/dev/null
cat >/run/hrv/bus.conf <<'EOF'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/><allow receive_type="method_return"/>
    <allow receive_type="error"/><allow receive_type="signal"/>
  </policy>
</busconfig>
EOF
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket
LD_LIBRARY_PATH=$libraries dbus-daemon --config-file=/run/hrv/bus.conf --fork --nopidfile
daemon=$(ls "$unpacked"/usr/libexec/bluetooth/bluetoothd "$unpacked"/usr/lib/bluetooth/bluetoothd 2>/dev/null | head -1)
LD_LIBRARY_PATH=$libraries "$daemon" --nodetach >/run/hrv/bluetoothd.log 2>&1 &
sleep 2
echo "guest: $(uname -r), $(LD_LIBRARY_PATH=$libraries "$daemon" --version | sed 's/^/bluetoothd /')"

cd "$top" || exit 1
export PYTHONPATH="$top:$top/tests"
# no plugins: an emulated processor is slow to import them
if HRV_BLUETOOTHD=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 "$python" -m pytest -c /dev/null \
    --rootdir="$top" -o pythonpath=tests --import-mode=importlib -p no:cacheprovider --color=no \
    -v -rA tests/bluetoothd; then
    echo "guest: passed"
else
    echo "guest: failed; bluetoothd said:"
    dmesg | tail -15
    tail -40 /run/hrv/bluetoothd.log
fi
