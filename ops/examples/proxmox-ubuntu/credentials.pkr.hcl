# Credentials of the Proxmox API, beside the template and out of version control. An agent next to the
# hypervisor can hold them instead, in its environment: PROXMOX_URL, PROXMOX_USERNAME, PROXMOX_TOKEN.
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
