#!/usr/bin/env bash
# installer-iso.sh: makes a tiny installation CD unless it is in the cache, and prints its path.
# It waits at its boot prompt; what a builder types there is
#   install url=http://HOST:PORT/install.sh<enter>
# and the script fetched from there installs onto /dev/vda (see qemu-iso/http/install.sh).
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/common.sh"
need xorriso syslinux mcopy mkfs.vfat sfdisk
out=$(media_path tiny-installer iso)
[ -e "$out" ] && { echo "$out"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$media_source/initramfs.sh" "$work/initrd.img"

# The first megabytes of the installed disk; uncompressed, as unpacking is slow under TCG.
truncate -s 256M "$work/whole.img"
printf 'label: dos\n2048,49152,6,*\n51200,,83\n' | sfdisk -q "$work/whole.img"
boot_partition "$work/whole.img" 24 "$work/initrd.img"
mkdir -p "$work/cd/isolinux"
dd if="$work/whole.img" of="$work/cd/boot.img" bs=1M count=25 status=none

cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$work/cd/isolinux/"
cp "/boot/vmlinuz-$(kernel_version)" "$work/cd/isolinux/vmlinuz"
cp "$work/initrd.img" "$work/cd/isolinux/initrd.img"
cat >"$work/cd/isolinux/isolinux.cfg" <<'CFG'
PROMPT 1
TIMEOUT 0
DEFAULT disk
SAY tiny installer: type   install url=http://HOST:PORT/install.sh
LABEL disk
  LOCALBOOT 0x80
LABEL install
  KERNEL vmlinuz
  INITRD initrd.img
  APPEND quiet console=tty0 console=ttyS0 mitigations=off
CFG
xorriso -as mkisofs -quiet -R -J -V TINYINST -o "$work/out.iso" -b isolinux/isolinux.bin \
  -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "$work/cd"
mv "$work/out.iso" "$out"
echo "$out"
