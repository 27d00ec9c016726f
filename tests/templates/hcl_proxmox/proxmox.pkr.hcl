variable "proxmox" {
  type = object({
    url      = string
    username = string
    token    = string
    node     = optional(string, "pve")
  })
  sensitive = true
  default = {
    url      = "https://pve.example.test:8006/api2/json"
    username = "packer@pve!ci"
    token    = "6d2a-secret"
  }
}
variable "networks" {
  type    = map(object({ bridge = string, vlan = optional(string, "") }))
  default = { lan = { bridge = "vmbr0", vlan = "10" }, wan = { bridge = "vmbr1" } }
}
locals {
  built = formatdate("YYYY-MM-DD", timestamp())
  user_data = templatefile("${abspath(path.root)}/cloud.pkrtpl.hcl", {
    hostname = "tpl"
    packages = ["qemu-guest-agent", "curl"]
  })
}
source "proxmox-iso" "tpl" {
  proxmox_url              = var.proxmox.url
  username                 = var.proxmox.username
  token                    = var.proxmox.token
  node                     = var.proxmox.node
  insecure_skip_tls_verify = true
  vm_id                    = 9000
  vm_name                  = "debian-12"
  template_description     = "Built ${local.built}"
  os                       = "l26"
  cores                    = 2
  memory                   = 2048
  scsi_controller          = "virtio-scsi-single"
  qemu_agent               = true
  boot_iso {
    type         = "scsi"
    iso_file     = "local:iso/debian-12.iso"
    unmount      = true
    iso_checksum = "none"
  }
  disks {
    type         = "scsi"
    disk_size    = "20G"
    storage_pool = "local-lvm"
    format       = "raw"
    io_thread    = true
  }
  dynamic "network_adapters" {
    for_each = var.networks
    content {
      model    = "virtio"
      bridge   = network_adapters.value.bridge
      vlan_tag = network_adapters.value.vlan
    }
  }
  additional_iso_files {
    cd_content = {
      "meta-data" = ""
      "user-data" = local.user_data
    }
    cd_label         = "cidata"
    iso_storage_pool = "local"
    unmount          = true
  }
  boot_wait    = "5s"
  boot_command = ["<esc><wait>e<wait><down><down><down><end>", " autoinstall ds=nocloud-net\\;s=http://{{ .HTTPIP }}:{{ .HTTPPort }}/", "<f10>"]
  ssh_username = "root"
  ssh_password = "packer"
  ssh_timeout  = "30m"
}
build {
  name    = "templates"
  sources = ["source.proxmox-iso.tpl"]
  provisioner "shell" {
    inline = [
      "while [ ! -f /var/lib/cloud/instance/boot-finished ]; do echo 'Waiting for cloud-init...'; sleep 1; done",
      "sudo truncate -s 0 /etc/machine-id",
    ]
  }
  provisioner "file" {
    content     = "built = ${local.built}\n"
    destination = "/etc/build-info"
  }
}
