#!/usr/bin/env bash
# base-disk.sh: makes a small real Debian disk (qcow2, BIOS boot, ext4, sshd) unless it is in the
# cache, and prints its path. Login: root / packer. No loop device and no chroot boot loader step.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/common.sh"
need mmdebstrap syslinux mcopy mkfs.vfat mke2fs sfdisk qemu-img
out=$(media_path debian-base qcow2)
[ -e "$out" ] && { echo "$out"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mmdebstrap --quiet --variant=minbase --include=openssh-server,iproute2 \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='chroot "$1" sh -c "echo root:packer | chpasswd"' \
  --customize-hook='printf "PermitRootLogin yes\nUseDNS no\nUsePAM no\n" >"$1/etc/ssh/sshd_config.d/build.conf"' \
  --customize-hook="rm -f \"\$1/sbin/init\"; install -m 755 '$media_source/guest/debian-init' \"\$1/sbin/init\"" \
  --customize-hook="install -m 755 '$media_source/guest/network' \"\$1/sbin/network\"" \
  --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*' \
  "$suite" "$work/root.tar" "$mirror"
mkdir "$work/root"
tar -C "$work/root" -xf "$work/root.tar" --exclude='./dev/*'
"$media_source/initramfs.sh" "$work/initrd.img"

# 1 MiB gap, 40 MiB boot, the rest of 1 GiB root.
disk=$work/disk.img
root_start=83968
truncate -s 1G "$disk"
printf 'label: dos\n2048,81920,6,*\n%s,,83\n' $root_start | sfdisk -q "$disk"
boot_partition "$disk" 40 "$work/initrd.img"
blocks=$(((1024 * 1024 * 1024 - root_start * 512) / 4096))
mke2fs -q -t ext4 -b 4096 -d "$work/root" -L root -E offset=$((root_start * 512)) "$disk" $blocks
qemu-img convert -O qcow2 "$disk" "$work/out.qcow2"
mv "$work/out.qcow2" "$out"
echo "$out"
