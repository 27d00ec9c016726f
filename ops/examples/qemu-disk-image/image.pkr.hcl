# Changes an existing disk image in qemu and keeps the result as a new one.
#   disk=$(ops/examples/media/base-disk.sh)
#   farmctl build -var "disk=$disk" ops/examples/qemu-disk-image
variable "disk" {
  type        = string
  description = "Path or URL of the qcow2 image to start from"
}

variable "disk_checksum" {
  type    = string
  default = "none"
}

variable "accelerator" {
  type        = string
  default     = null
  description = "kvm, tcg, or null for the best that works"
}

source "qemu" "base" {
  iso_url          = var.disk
  iso_checksum     = var.disk_checksum
  disk_image       = true
  skip_resize_disk = true
  accelerator      = var.accelerator
  headless         = true
  memory           = 256
  boot_wait        = "-1s"
  ssh_username     = "root"
  ssh_password     = "packer"
  ssh_timeout      = "10m"
  shutdown_command = "sync; echo o > /proc/sysrq-trigger"
}

build {
  sources = ["source.qemu.base"]

  provisioner "shell" {
    inline = ["echo built by farm > /etc/motd", "cat /etc/motd"]
  }

  post-processor "manifest" {}
}
