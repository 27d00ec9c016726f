locals {
  later = "${local.earlier}-${var.plain}"
  earlier = upper(var.checked)
  pairs = { for n in var.nics : n.bridge => n.vlan }
  text  = jsonencode({
    flag = var.flag, count = var.count, names = var.names, codes = var.codes, tags = var.tags, disk = var.disk
    pair = var.pair, open = var.open, untyped = var.untyped_list, nothing = var.nothing == null
    auto = var.by_auto, file = var.by_file, json = var.by_json, flagged = var.by_flag, env = var.from_env
    short = var.short, other = var.other, pairs = local.pairs
  })
}
local "derived_secret" {
  expression = "${var.secret}-x"
  sensitive  = true
}
source "file" "facts" {
  content = local.text
  target  = "${local.later}.json"
}
build {
  sources = ["source.file.facts"]
  provisioner "shell-local" {
    inline = ["echo ${local.derived_secret} ${var.secrets["a"]}"]
  }
}
