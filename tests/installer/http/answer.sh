# The answer file: runs in the CD's initramfs and puts Debian onto /dev/vda.
set -e
url=$(tr ' ' '\n' </proc/cmdline | grep '^url=')
server=${url#url=}
server=${server%/*}
echo "installer: partitions"
printf 'o\nn\np\n1\n2048\n\na\n1\nw\n' | fdisk /dev/vda >/dev/null 2>&1 || true
tries=0
while [ ! -b /dev/vda1 ] && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
mke2fs -L debian /dev/vda1 >/dev/null
mount -t ext4 /dev/vda1 /mnt
echo "installer: root file system"
wget -q -O - "$server/root.tar" | tar -x -C /mnt
[ -x /mnt/usr/lib/systemd/systemd ]
for place in dev proc sys; do mount -o bind /$place /mnt/$place; done
echo "installer: boot loader"
chroot /mnt grub-install --target=i386-pc /dev/vda
chroot /mnt update-grub
for place in dev proc sys; do umount /mnt/$place; done
echo installed >/mnt/root/installed
umount /mnt
