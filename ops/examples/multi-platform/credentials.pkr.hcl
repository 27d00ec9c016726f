# Where the hypervisors are and how to log in; beside the template and out of version control.
variable "proxmox_url" {
  type    = string
  default = "https://pve.example.org:8006/api2/json"
}

variable "proxmox_username" {
  type    = string
  default = "root@pam!packer"
}

variable "proxmox_token" {
  type      = string
  sensitive = true
  default   = "00000000-0000-0000-0000-000000000000"
}

variable "vcenter_server" {
  type    = string
  default = "vcenter.example.org"
}

variable "vcenter_username" {
  type    = string
  default = "packer@vsphere.local"
}

variable "vcenter_password" {
  type      = string
  sensitive = true
  default   = "change me"
}

variable "insecure" {
  type        = bool
  default     = false
  description = "Take any certificate of the hypervisors"
}
