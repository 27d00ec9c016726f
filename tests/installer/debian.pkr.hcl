variable "iso" {
  type = string
}

variable "files" {
  type        = string
  description = "Folder with answer.sh and root.tar"
}

source "qemu" "debian" {
  iso_url        = var.iso
  iso_checksum   = "none"
  accelerator    = "tcg"
  headless       = true
  memory         = 768
  disk_size      = "2G"
  http_directory = var.files
  # A layout makes the keys go over VNC; the cloud kernel writes to the serial line only.
  qemuargs           = [["-k", "en-us"], ["-serial", "file:serial.log"]]
  vnc_use_password   = true
  boot_wait          = "5s"
  boot_key_interval  = "20ms"
  boot_command       = ["install url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/answer.sh<enter>", "<wait20>"]
  ssh_username       = "root"
  ssh_password       = "packer"
  ssh_timeout        = "25m"
  shutdown_command   = "systemctl poweroff"
  shutdown_timeout   = "5m"
}

build {
  sources = ["source.qemu.debian"]

  provisioner "shell" {
    inline = [
      "test \"$(cat /root/installed)\" = installed",
      "test \"$(readlink /proc/1/exe)\" = /usr/lib/systemd/systemd",
      "systemctl is-active ssh systemd-networkd",
      "echo built by farm > /etc/motd",
      ". /etc/os-release; echo \"system: $PRETTY_NAME\"",
    ]
  }

  post-processor "manifest" {}
}
