# Runs in the installer's initramfs: puts the tiny system onto /dev/vda.
set -e
mkdir -p /cdrom
mount -t iso9660 -o ro /dev/sr0 /cdrom
dd if=/cdrom/boot.img of=/dev/vda bs=1M
blockdev --rereadpt /dev/vda 2>/dev/null || true
tries=0
while [ ! -b /dev/vda2 ] && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
mke2fs -L root /dev/vda2 >/dev/null
mount -t ext4 /dev/vda2 /mnt
for part in bin sbin usr lib lib64 etc root; do cp -a "/$part" /mnt/; done
mkdir -p /mnt/dev /mnt/proc /mnt/sys /mnt/run /mnt/tmp /mnt/mnt
umount /mnt
