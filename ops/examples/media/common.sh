# Shared by the scripts of this folder (sourced): where media are kept, which kernel is used.
# Media are made from the packages of this machine's own apt configuration; nothing else is fetched.

media_cache=${FARM_TEST_MEDIA:-${XDG_CACHE_HOME:-$HOME/.cache}/farm-test-media}
media_source=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

# The newest installed cloud kernel: small, and its drivers are those of qemu.
kernel_version() {
  local newest
  newest=$(find /lib/modules -maxdepth 1 -name '*-cloud-amd64' -printf '%f\n' | sort -V | tail -n 1)
  [ -n "$newest" ] || { echo "media: install linux-image-cloud-amd64 (see ops/deps)" >&2; exit 1; }
  echo "$newest"
}

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || [ -x "/sbin/$program" ] || [ -x "/usr/sbin/$program" ] ||
      { echo "media: $program is missing (see ops/deps)" >&2; exit 1; }
  done
}
PATH=$PATH:/usr/sbin:/sbin

# media_path NAME EXTENSION: the cache path of a medium; it changes with the scripts and the kernel.
media_path() {
  local key
  key=$( { cat "$media_source"/*.sh "$media_source"/guest/*; kernel_version; } | sha256sum | cut -c1-12)
  mkdir -p "$media_cache"
  echo "$media_cache/$1-$key.$2"
}

# boot_partition IMAGE SIZE_MIB INITRD: a FAT file system at 1 MiB of IMAGE with kernel and initrd,
# and syslinux to boot it. No mount and no root are needed.
boot_partition() {
  local image=$1 size=$2 initrd=$3 fat
  fat=$(mktemp --tmpdir="$work")
  truncate -s "${size}M" "$fat"
  mkfs.vfat -F 16 "$fat" >/dev/null
  cat >"$work/syslinux.cfg" <<'CFG'
DEFAULT linux
PROMPT 0
TIMEOUT 0
LABEL linux
  KERNEL vmlinuz
  INITRD initrd.img
  APPEND root=/dev/vda2 quiet console=tty0 console=ttyS0 mitigations=off
CFG
  mcopy -i "$fat" "/boot/vmlinuz-$(kernel_version)" ::vmlinuz
  mcopy -i "$fat" "$initrd" ::initrd.img
  mcopy -i "$fat" "$work/syslinux.cfg" ::syslinux.cfg
  dd if="$fat" of="$image" bs=1M seek=1 conv=notrunc,sparse status=none
  syslinux --offset $((1024 * 1024)) --install "$image"
  dd if=/usr/lib/syslinux/mbr/mbr.bin of="$image" bs=440 count=1 conv=notrunc status=none
}
