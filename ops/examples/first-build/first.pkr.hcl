# The smallest template that shows a whole run: two builds, a provisioner, post-processors, a manifest.
# It needs no virtual machine, so it is done in a second.
#   farmctl build ops/examples/first-build
#   farmctl build -var greeting=hi -only 'file.*' ops/examples/first-build
packer {
  required_version = ">= 1.7.0"
}

variable "greeting" {
  type        = string
  default     = "hello"
  description = "First word of the text"

  validation {
    condition     = length(var.greeting) > 0
    error_message = "The greeting must not be empty."
  }
}

locals {
  folder = "output-first"
  text   = "${title(var.greeting)}, farm!"
}

# Writes a file: an image builder without an image.
source "file" "text" {
  content = "${local.text}\n"
  target  = "${local.folder}/text.txt"
}

# Builds nothing; its provisioners run all the same.
source "null" "nothing" {
  communicator = "none"
}

build {
  sources = ["source.file.text", "source.null.nothing"]

  provisioner "shell-local" {
    only             = ["null.nothing"]
    environment_vars = ["TEXT=${local.text}"]
    inline           = ["echo \"$TEXT This is $PACKER_BUILD_NAME.\""]
  }

  post-processors {
    post-processor "checksum" {
      only           = ["file.text"]
      checksum_types = ["sha256"]
      output         = "${local.folder}/text.{{.ChecksumType}}"
    }
    post-processor "manifest" {
      output      = "${local.folder}/manifest.json"
      custom_data = { greeting = var.greeting }
    }
  }
}
