variable "from_env" {
  type = string
}
variable "disks" {
  type    = list(object({ size = optional(string, "10G"), name = string }))
  default = [{ name = "root" }, { name = "data", size = "1G" }]
}
variable "password" {
  default   = "hush"
  sensitive = true
}
locals {
  sizes = { for d in var.disks : d.name => d.size }
}
data "git-commit" "head" {}
source "null" "base" {
  ssh_host     = "${var.from_env}.example"
  ssh_username = data.git-commit.head.hash
  ssh_password = var.password
}
build {
  dynamic "source" {
    for_each = local.sizes
    labels   = ["null.base"]
    content {
      name = source.key
    }
  }
  dynamic "provisioner" {
    for_each = ["a", "b"]
    labels   = ["shell"]
    iterator = step
    content {
      inline = ["echo ${step.value} ${source.name} ${build.Host}"]
      only   = ["null.data"]
    }
  }
  post-processor "shell-local" {
    inline = ["echo ${build.name}done"]
    except = ["null.root"]
  }
}
