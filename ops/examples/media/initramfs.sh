#!/usr/bin/env bash
# initramfs.sh OUT: static busybox, dropbear, scp and sftp-server with their libraries, and the
# drivers of a qemu machine. Both the installer and the installed tiny system are this tree.
# Login: root / packer.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/common.sh"
need busybox dropbear dropbearkey modprobe cpio openssl
out=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{bin,sbin,dev,proc,sys,run,tmp,mnt,root,modules,lib64,usr/{bin,sbin,lib/openssh}} \
  "$tree"/etc/dropbear "$tree"/lib/x86_64-linux-gnu

cp "$(command -v busybox)" "$tree/bin/busybox"
cp "$(command -v dropbear)" "$tree/usr/sbin/"
cp "$(command -v scp)" "$tree/usr/bin/"
cp /usr/lib/openssh/sftp-server "$tree/usr/lib/openssh/"
ln -s openssh/sftp-server "$tree/usr/lib/sftp-server"
for program in "$tree"/usr/sbin/dropbear "$tree"/usr/bin/scp "$tree"/usr/lib/openssh/sftp-server; do
  ldd "$program" | grep -oE '/[^ ]+' | while read -r library; do
    cp -Ln "$library" "$tree/lib/x86_64-linux-gnu/"
  done
done
cp -L /lib64/ld-linux-x86-64.so.2 "$tree/lib64/"

version=$(kernel_version)
for module in virtio_pci virtio_blk virtio_net virtio-rng ata_piix sr_mod isofs; do
  modprobe -S "$version" --show-depends "$module" | awk '$1 == "insmod" { print $2 }' |
    while read -r file; do
      name=$(basename "$file")
      [ -e "$tree/modules/$name" ] && continue
      cp "$file" "$tree/modules/$name"
      echo "$name" >>"$tree/modules/order"
    done
done

# All three kinds: a dropbear with an ed25519 key alone offers RSA too, and dies when it is chosen.
for kind in rsa ecdsa ed25519; do
  dropbearkey -t $kind -f "$tree/etc/dropbear/$kind" >/dev/null 2>&1
done
password=$(openssl passwd -6 -salt farmtest packer)
echo 'root:x:0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
echo "root:$password:19000:0:99999:7:::" >"$tree/etc/shadow"
echo 'root:x:0:' >"$tree/etc/group"
echo '/bin/sh' >"$tree/etc/shells"
install -m 755 "$media_source/guest/init" "$tree/init"
install -m 755 "$media_source/guest/network" "$tree/sbin/network"
install -m 755 "$media_source/guest/tiny-init" "$tree/sbin/init"
(cd "$tree" && find . | sort | cpio -o -H newc --quiet) | gzip -6 >"$out"
