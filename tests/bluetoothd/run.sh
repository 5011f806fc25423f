#!/usr/bin/env bash
# The whole path with the real bluetoothd: a Debian kernel with a virtual controller (hci_vhci) in
# QEMU, the system's bluetoothd, bleak's own Linux backend, and straps played by bumble.
# Opt-in (`make test-bluetoothd`): 90 MB of Debian packages once, about a minute a run.  Nothing is
# installed: packages are unpacked into build/bluetoothd, and the guest sees this machine's files
# read-only, so it runs this very checkout and environment.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=${HRV_VM_DIR:-$top/build/bluetoothd}
python=${1:?usage: run.sh PYTHON}

if ! command -v apt-get >/dev/null || [ "$(dpkg --print-architecture)" != amd64 ]; then
    echo "test-bluetoothd needs a Debian machine (amd64): its kernel and bluetoothd are unpacked" >&2
    exit 2
fi

if [ ! -e "$work/unpacked" ]; then
    echo "fetching kernel, QEMU and bluetoothd (90 MB, once) ..."
    rm -rf "$work"
    mkdir -p "$work/archives/partial" "$work/root"
    fetch() {
        apt-get -qq -o Debug::NoLocking=1 -o Dir::Cache::archives="$work/archives/" \
            --no-install-recommends --download-only --reinstall -y install \
            bluez qemu-system-x86 linux-image-amd64 busybox-static dbus >/dev/null
    }
    fetch || { [ "$(id -u)" = 0 ] && apt-get -qq update && fetch; } || {
        echo "the packages cannot be fetched; run apt-get update as root first" >&2
        exit 2
    }
    for package in "$work"/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done
    rm -rf "$work/archives"
    touch "$work/unpacked"
fi

root=$work/root
kernel=$(ls "$root"/boot/vmlinuz-* | tail -1)
version=${kernel##*/vmlinuz-}
if [ -d "$root/bin" ] && [ ! -L "$root/bin" ]; then busybox=$root/bin/busybox; else busybox=$root/usr/bin/busybox; fi
modules=$root/lib/modules
[ -d "$modules" ] || modules=$root/usr/lib/modules

# the first root: busybox, our init, and the modules in the order in which they depend
initrd=$work/initrd
rm -rf "$initrd" && mkdir -p "$initrd/modules"
cp "$busybox" "$initrd/busybox"
cp "$here/init" "$initrd/init"
chmod +x "$initrd/init"
"$python" "$here/modules.py" "$modules/$version" "$initrd/modules" \
    virtio_pci 9p 9pnet_virtio overlay \
    sha256_generic sha512_generic hmac ctr ecb cmac aes_generic drbg \
    ecdh_generic algif_hash algif_skcipher bluetooth hci_vhci uhid
(cd "$initrd" && find . | "$busybox" cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initrd.gz"

libraries=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu
rm -f "$work/console"
status=0
LD_LIBRARY_PATH=$libraries timeout 600 "$root/usr/bin/qemu-system-x86_64" \
    -accel tcg -cpu Nehalem -smp 2 -m 1024 -nographic -no-reboot -nic none \
    -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" \
    -kernel "$kernel" -initrd "$work/initrd.gz" \
    -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
    -append "console=ttyS0 quiet panic=-1 top=$top unpacked=$root python=$python" \
    </dev/null | tee "$work/console" || status=$?
[ "$status" = 0 ] || { echo "QEMU ended with $status" >&2; exit 1; }
grep -q '^guest: passed' "$work/console"
