# An Ubuntu server template on Proxmox VE, installed by the server installer from answers over HTTP.
#   farmctl validate ops/examples/proxmox-ubuntu
#   farmctl build -var proxmox_token=SECRET ops/examples/proxmox-ubuntu

# 1. Variables

variable "node" {
  type        = string
  default     = null
  description = "Name of a node; null takes the one with most free memory"
}

variable "iso_file" {
  type        = string
  default     = "local:iso/ubuntu-24.04.3-live-server-amd64.iso"
  description = "The installation CD, on a storage of the cluster"
}

variable "storage_pool" {
  type    = string
  default = "local-lvm"
}

variable "bridge" {
  type    = string
  default = "vmbr0"
}

variable "ssh_password" {
  type      = string
  sensitive = true
  default   = "ubuntu"
}

# 2. Source

source "proxmox-iso" "ubuntu-server" {
  proxmox_url              = var.proxmox_url
  username                 = var.proxmox_username
  token                    = var.proxmox_token
  insecure_skip_tls_verify = true # the certificate that Proxmox makes for itself
  task_timeout             = "10m"

  node                 = var.node
  vm_name              = "ubuntu-server-24.04"
  template_description = "Ubuntu Server 24.04, built {{ isotime \"2006-01-02\" }}"
  tags                 = "ubuntu;template"

  boot_iso {
    iso_file = var.iso_file
    unmount  = true
  }

  os              = "l26"
  cpu_type        = "host"
  cores           = 2
  memory          = 4096
  qemu_agent      = true
  scsi_controller = "virtio-scsi-single"

  disks {
    type         = "scsi"
    storage_pool = var.storage_pool
    disk_size    = "20G"
    io_thread    = true
    discard      = true
  }

  network_adapters {
    model  = "virtio"
    bridge = var.bridge
  }

  cloud_init              = true
  cloud_init_storage_pool = var.storage_pool

  http_directory = "${path.root}/http"
  boot_wait      = "10s"
  boot_command = [
    "<esc><wait>e<wait><down><down><down><end>",
    "<bs><bs><bs><bs>autoinstall ds=nocloud-net\\;s=http://{{ .HTTPIP }}:{{ .HTTPPort }}/ ---<f10>",
  ]

  ssh_username = "ubuntu"
  ssh_password = var.ssh_password
  ssh_timeout  = "40m"
}

# 3. Build

build {
  name    = "ubuntu-server"
  sources = ["source.proxmox-iso.ubuntu-server"]

  # What makes each clone of the template a machine of its own.
  provisioner "shell" {
    inline = [
      "while [ ! -f /var/lib/cloud/instance/boot-finished ]; do sleep 1; done",
      "sudo rm -f /etc/ssh/ssh_host_*",
      "sudo truncate -s 0 /etc/machine-id",
      "sudo cloud-init clean --logs --seed",
      "sudo rm -f /etc/netplan/00-installer-config.yaml",
      "sudo sync",
    ]
  }

  post-processor "manifest" {}
}
