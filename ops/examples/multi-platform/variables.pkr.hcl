# What differs from site to site. The images to start from exist already: a template on each
# hypervisor, a disk image, a container image.
variable "version" {
  type    = string
  default = "1.0.0"
}

variable "proxmox_template" {
  type    = string
  default = "debian-12"
}

variable "vsphere_template" {
  type    = string
  default = "debian-12"
}

variable "vsphere_host" {
  type    = string
  default = "esx1.example.org"
}

variable "vsphere_datastore" {
  type    = string
  default = "datastore1"
}

variable "disk" {
  type        = string
  default     = "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-generic-amd64.qcow2"
  description = "Path or URL of the qcow2 image the qemu target starts from"
}

variable "container" {
  type    = string
  default = "debian:12"
}

variable "pull" {
  type    = bool
  default = true
}

variable "accelerator" {
  type        = string
  default     = null
  description = "kvm, tcg, or null for the best that works"
}

variable "ssh_username" {
  type    = string
  default = "debian"
}

variable "ssh_private_key_file" {
  type    = string
  default = "~/.ssh/id_ed25519"
}

variable "ssh_port" {
  type    = number
  default = 22
}

variable "marker" {
  type        = string
  default     = "/var/tmp/image-version"
  description = "The file that tells in the image what it is"
}
