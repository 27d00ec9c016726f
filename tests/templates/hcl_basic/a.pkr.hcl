packer {
  required_version = ">= 1.8"
  required_plugins {
    qemu = { source = "github.com/hashicorp/qemu", version = "~> 1" }
  }
}
variable "name" {
  type    = string
  default = "x"
}
variable "secret" {
  default   = "s3cret"
  sensitive = true
}
locals {
  a = "${var.name}-a"
  b = upper(local.a)
  ports = [for i in range(3) : i + 1]
}
data "null" "n" { input = local.b }
source "null" "base" {
  communicator = "none"
}
source "file" "f" {
  content = "{{timestamp}} ${local.b} ${data.null.n.output}"
  target  = "out.txt"
}
build {
  name    = "web"
  sources = ["source.null.base"]
  source "file.f" {
    name = "loc"
  }
  provisioner "shell-local" {
    inline = ["echo ${build.ID} ${source.name}"]
    pause_before = "1s"
    override = { f = { inline = ["echo o"] } }
  }
  post-processors {
    post-processor "checksum" { checksum_types = ["sha256"] }
    post-processor "manifest" {}
  }
}
