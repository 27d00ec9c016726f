# Installs a tiny system from a CD in qemu: boot prompt typed over VNC, answers over HTTP, ssh.
#   iso=$(ops/examples/media/installer-iso.sh)
#   farmctl build -var "iso=$iso" ops/examples/qemu-iso
variable "iso" {
  type        = string
  description = "Path or URL of the installation CD"
}

variable "iso_checksum" {
  type    = string
  default = "none"
}

variable "accelerator" {
  type        = string
  default     = null
  description = "kvm, tcg, or null for the best that works"
}

source "qemu" "tiny" {
  iso_url          = var.iso
  iso_checksum     = var.iso_checksum
  accelerator      = var.accelerator
  headless         = true
  memory           = 256
  disk_size        = "256M"
  http_directory   = "${path.root}/http"
  boot_wait        = "3s"
  boot_key_interval = "10ms"
  boot_command     = ["install url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/install.sh<enter>"]
  ssh_username     = "root"
  ssh_password     = "packer"
  ssh_timeout      = "10m"
  shutdown_command = "sync; poweroff -f"
}

build {
  sources = ["source.qemu.tiny"]

  provisioner "shell" {
    inline = ["echo built by farm > /etc/motd", "cat /etc/motd"]
  }

  post-processor "manifest" {}
}
