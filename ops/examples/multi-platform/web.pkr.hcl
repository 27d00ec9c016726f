# One image for four platforms: Proxmox VE, vSphere, QEMU and Docker. Each target runs on an agent that
# can build it; the provisioners are the same everywhere.
#   farmctl validate ops/examples/multi-platform
#   farmctl submit ops/examples/multi-platform                 # all four, on a farm
#   farmctl build -only=qemu.web ops/examples/multi-platform   # one, here

locals {
  name = "web-${replace(var.version, ".", "-")}"
}

source "proxmox-clone" "web" {
  proxmox_url              = var.proxmox_url
  username                 = var.proxmox_username
  token                    = var.proxmox_token
  insecure_skip_tls_verify = var.insecure

  clone_vm      = var.proxmox_template
  full_clone    = true
  vm_name       = local.name
  template_name = local.name
  cores         = 1
  memory        = 1024
}

source "vsphere-clone" "web" {
  vcenter_server      = var.vcenter_server
  username            = var.vcenter_username
  password            = var.vcenter_password
  insecure_connection = var.insecure

  template            = var.vsphere_template
  vm_name             = local.name
  folder              = "images"
  host                = var.vsphere_host
  datastore           = var.vsphere_datastore
  convert_to_template = true
}

source "qemu" "web" {
  iso_url          = var.disk
  iso_checksum     = "none"
  disk_image       = true
  skip_resize_disk = true
  accelerator      = var.accelerator
  headless         = true
  memory           = 256
  vm_name          = "${local.name}.qcow2"
  boot_wait        = "-1s"
  shutdown_command = "sync; echo o > /proc/sysrq-trigger"
}

source "docker" "web" {
  image   = var.container
  pull    = var.pull
  commit  = true
  changes = ["LABEL version=${var.version}"]
}

build {
  source "source.proxmox-clone.web" {
    ssh_username         = var.ssh_username
    ssh_private_key_file = var.ssh_private_key_file
    ssh_port             = var.ssh_port
  }
  source "source.vsphere-clone.web" {
    ssh_username         = var.ssh_username
    ssh_private_key_file = var.ssh_private_key_file
    ssh_port             = var.ssh_port
  }
  source "source.qemu.web" {
    ssh_username = "root"
    ssh_password = "packer"
  }
  sources = ["source.docker.web"]

  provisioner "shell" {
    script = "${path.root}/scripts/mark.sh"
    env = {
      VERSION = var.version
      MARKER  = var.marker
    }
  }

  # Containers get their name where they are; the others already have it.
  post-processor "docker-tag" {
    only       = ["docker.web"]
    repository = "example/web"
    tags       = [var.version]
  }
  post-processor "manifest" {}
}
