#!/usr/bin/env bash
# debian_root.sh: makes the tar of a Debian root file system (systemd, sshd, kernel, GRUB) unless it is
# in the cache, and prints its path. Login: root / packer.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/../../ops/examples/media/common.sh"
need mmdebstrap
key=$( { cat "$here/debian_root.sh"; kernel_version; } | sha256sum | cut -c1-12)
mkdir -p "$media_cache"
out=$media_cache/debian-root-$key.tar
[ -e "$out" ] && { echo "$out"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mmdebstrap --quiet --variant=minbase \
  --include=systemd-sysv,openssh-server,iproute2,linux-image-cloud-amd64,grub-pc,initramfs-tools \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='chroot "$1" sh -c "echo root:packer | chpasswd"' \
  --customize-hook='printf "PermitRootLogin yes\nUseDNS no\n" >"$1/etc/ssh/sshd_config.d/build.conf"' \
  --customize-hook='printf "[Match]\nName=e*\n[Network]\nDHCP=ipv4\n" >"$1/etc/systemd/network/dhcp.network"' \
  --customize-hook='chroot "$1" systemctl -q enable systemd-networkd ssh' \
  --customize-hook='echo "LABEL=debian / ext4 defaults 0 1" >"$1/etc/fstab"' \
  --customize-hook='printf "%s\n" "GRUB_TIMEOUT=0" "GRUB_CMDLINE_LINUX=\"net.ifnames=0 mitigations=off\"" "GRUB_DISABLE_OS_PROBER=true" >"$1/etc/default/grub"' \
  --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*' \
  --format=tar "$suite" "$work/root.tar" "$mirror"
mv "$work/root.tar" "$out"
echo "$out"
