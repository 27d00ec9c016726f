source "null" "one" { communicator = "none" }
source "null" "two" { communicator = "none" }
source "file" "one" {
  target  = "t"
  content = "c"
}
build {
  name    = "a"
  sources = ["null.one", "null.two", "file.one"]
  post-processors {
    post-processor "manifest" {}
    post-processor "checksum" { name = "sums" }
    post-processor "compress" {}
  }
}
build {
  sources = ["null.one", "file.one"]
  post-processor "checksum" {}
}
