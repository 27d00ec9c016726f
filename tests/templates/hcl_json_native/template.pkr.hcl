# What hcl_json says, in native syntax: the plans must be the same.
packer {
  required_version = ">= 1.7"
}
variable "name" {
  type    = string
  default = "n"
}
variable "size" {
  type    = number
  default = 5
  validation {
    condition     = var.size > 1
    error_message = "Too small."
  }
}
variable "tags" {
  type    = map(string)
  default = { a = "1" }
}
variable "secret" {
  default   = "shh"
  sensitive = true
}
variables {
  extra = ["x", "y"]
}
locals {
  one = "${var.name}-1"
}
locals {
  two     = upper(local.one)
  literal = "$${not} %%{x}"
  n       = 1.50
}
local "three" {
  expression = "${local.two}3"
  sensitive  = true
}
source "file" "a" {
  target  = local.one
  content = jsonencode(var.tags)
}
source "file" "b" {
  target  = "b"
  content = local.n
}
source "null" "c" {
  communicator = "none"
}
build {
  name    = "first"
  sources = ["source.file.a", "null.c"]
  source "file.b" {
    name = "local-b"
  }
  provisioner "shell-local" {
    inline = ["echo ${source.name} ${local.three}"]
    only   = ["file.a"]
  }
  provisioner "shell-local" {
    inline = ["two"]
  }
  provisioner "shell-local" {
    inline       = ["three ${build.ID}"]
    pause_before = "5s"
  }
  error-cleanup-provisioner "shell-local" {
    inline = ["oops"]
  }
  post-processor "manifest" {}
  post-processors {
    post-processor "checksum" {
      checksum_types = ["md5"]
    }
    post-processor "compress" {
      output = "x.zip"
    }
  }
}
build {
  sources = ["source.null.c"]
  dynamic "provisioner" {
    for_each = var.extra
    labels   = ["shell-local"]
    content {
      inline = ["echo ${provisioner.value}"]
    }
  }
}
