# Every type, every source of a value.
variable "plain" {
  type    = string
  default = "default"
}
variable "from_env" {
  type = string
}
variable "count" {
  type    = number
  default = 1
}
variable "flag" {
  type    = bool
  default = false
}
variable "names" {
  type    = list(string)
  default = ["a"]
}
variable "codes" {
  type    = set(number)
  default = [3, 1, 3]
}
variable "tags" {
  type    = map(string)
  default = {}
}
variable "disk" {
  type = object({
    size   = number
    format = optional(string, "qcow2")
    label  = optional(string)
  })
  default = { size = 10 }
}
variable "nics" {
  type    = list(object({ bridge = string, vlan = optional(number, 1) }))
  default = [{ bridge = "vmbr0" }, { bridge = "vmbr1", vlan = 20 }]
}
variable "pair" {
  type    = tuple([string, number])
  default = ["x", "2"]
}
variable "open" {
  default = []
}
variable "untyped_list" {
  default = ["one"]
}
variable "nothing" {
  type    = string
  default = null
}
variable "secret" {
  type      = string
  sensitive = true
  default   = "hunter2"
}
variable "secrets" {
  type      = map(string)
  sensitive = true
  default   = { a = "first\nsecond" }
}
variable "checked" {
  type    = string
  default = "m1.small"
  validation {
    condition     = can(regex("^m[0-9]", var.checked))
    error_message = "The flavor must begin with m and a digit."
  }
  validation {
    condition     = length(var.checked) < 20
    error_message = "Shorter, please."
  }
}
variable "by_auto" {}
variable "by_file" {}
variable "by_json" {}
variable "by_flag" {}
variables {
  short = "s"
  other = 5
}
