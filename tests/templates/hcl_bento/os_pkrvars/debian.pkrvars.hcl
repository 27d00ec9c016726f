os_name      = "debian"
os_version   = "12.5"
os_arch      = "aarch64"
iso_url      = "https://cdimage.debian.org/cdimage/release/current/arm64/iso-cd/debian-12.5.0-arm64-netinst.iso"
iso_checksum = "file:https://cdimage.debian.org/cdimage/release/current/arm64/iso-cd/SHA256SUMS"
boot_command = ["<wait>e<wait><down><down><down><end>install <wait> auto=true url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/debian/preseed.cfg <f10><wait>"]
