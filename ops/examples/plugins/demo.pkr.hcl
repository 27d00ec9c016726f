# Uses one component of each kind from this folder; see README.md.
data "line-count" "readme" {
  path = "${path.root}/README.md"
}

source "folder-image" "demo" {
  communicator = "none"
  source       = path.root
  output       = "demo.tar"
  labels       = { lines = data.line-count.readme.count }
}

build {
  sources = ["source.folder-image.demo"]
  post-processor "notes" {
    title = "Demo with ${data.line-count.readme.count} lines"
  }
}
