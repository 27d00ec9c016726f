data "null" "first" {
  input = "one-${local.suffix}"
}
data "null" "second" {
  input = data.null.first.output
}
data "http" "page" {
  url             = "https://example.test/${data.null.second.output}"
  request_headers = { Accept = "text/plain" }
}
data "git-repository" "here" {}
data "git-commit" "head" {
  path       = path.root
  commit_ish = "v1"
}
locals {
  suffix = "x"
  body   = data.http.page.body
  known  = data.null.second.output
  branch = data.git-repository.here.head
  clean  = data.git-repository.here.is_clean ? "" : "-dirty"
}
source "file" "x" {
  content = "${local.known} ${local.body} ${data.git-commit.head.hash}${local.clean}"
  target  = "${local.known}.txt"
}
build {
  name    = "b-${local.known}"
  sources = ["source.file.x"]
  dynamic "provisioner" {
    for_each = data.git-repository.here.tags
    labels   = ["shell-local"]
    content {
      inline = ["echo ${provisioner.value}"]
    }
  }
}
