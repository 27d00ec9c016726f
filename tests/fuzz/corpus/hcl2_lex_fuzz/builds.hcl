packer {
  required_version = ">= 1.7.0, < 2"
  required_plugins {
    qemu = {
      source  = "github.com/hashicorp/qemu"
      version = "~> 1"
    }
  }
}
packer {
  required_version = "~> 1.8"
}
variable "distros" {
  type    = list(string)
  default = ["bullseye", "bookworm"]
}
locals {
  url = "https://cdimage.example.test/${path.root}"
}
source "qemu" "debian" {
  iso_url          = "${local.url}/${source.name}.iso"
  iso_checksum     = "sha256:07b94e6b1a0b0260b94c83d6bb76b26bf7a310dc78d7a9c7432809fb9bc6194a"
  ssh_username     = "root"
  ssh_password     = "x"
  shutdown_command = "poweroff"
  vm_name          = "${source.type}-${source.name}"
  boot_command     = ["<esc><wait>", "auto url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/${source.name}.cfg<enter>"]
  qemuargs         = [["-m", "1024"], ["-smp", 2]]
}
source "null" "plain" {
  communicator = "none"
}
source "file" "out" {
  target = "out"
}
build {
  name        = "fleet"
  description = "All of them"
  sources     = ["source.null.plain"]

  dynamic "source" {
    for_each = var.distros
    labels   = ["qemu.debian"]
    content {
      name             = source.value
      output_directory = "out-${source.value}"
    }
  }
  source "file.out" {
    name    = "renamed"
    content = "made by ${packer.version}"
  }

  provisioner "shell" {
    only            = ["qemu.bullseye", "qemu.bookworm"]
    inline          = ["echo ${build.name} ${source.type}.${source.name} ${build.ID}"]
    execute_command = "{{ .Vars }} sudo -E sh '{{ .Path }}'"
    pause_before    = "1m30s"
    max_retries     = 2
  }
  dynamic "provisioner" {
    for_each = { first = "1", second = "2" }
    labels   = ["shell-local"]
    iterator = it
    content {
      name     = "step-${it.key}"
      inline   = ["echo ${it.value} of ${source.name}"]
      except   = ["file.renamed"]
      timeout  = "${it.value}m"
    }
  }
  provisioner "shell" {
    script = "base.sh"
    override = {
      bullseye = { script = "old.sh", environment_vars = ["A=${source.name}"] }
      plain    = { inline = ["x"], script = null }
    }
    continue_on_error = true
  }
  error-cleanup-provisioner "shell-local" {
    inline = ["echo ${build.Host}"]
  }
  post-processor "manifest" {
    output = "${source.name}.json"
    custom_data = {
      id = "${build.ID}"
    }
  }
  post-processors {
    post-processor "checksum" {
      checksum_types      = ["sha256"]
      keep_input_artifact = true
    }
    dynamic "post-processor" {
      for_each = ["a", "b"]
      labels   = ["compress"]
      content {
        name   = "zip-${post-processor.value}"
        output = "${post-processor.value}.zip"
        only   = ["file.renamed"]
      }
    }
  }
}
build {
  sources = ["null.plain"]
  provisioner "breakpoint" {
    disable = true
    note    = "{{ build_name }} {{ build_type }}"
  }
}
