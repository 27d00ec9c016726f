packer {
  required_version = ">= 1.7.0"
  required_plugins {
    qemu = {
      version = ">= 1.0.8"
      source  = "github.com/hashicorp/qemu"
    }
    virtualbox = {
      version = ">= 0.0.1"
      source  = "github.com/hashicorp/virtualbox"
    }
  }
}
locals {
  scripts = var.scripts == null ? (
    var.is_windows ? [
      "${path.root}/scripts/windows/cleanup.ps1"
      ] : (
      var.os_name == "debian" ||
      var.os_name == "ubuntu" ? [
        "${path.root}/scripts/${var.os_name}/update_${var.os_name}.sh",
        "${path.root}/scripts/_common/sshd.sh"
        ] : (
        var.os_name == "macos" ? [
          "${path.root}/scripts/macos/${var.never_declared}.sh"
        ] : []
      )
    )
  ) : var.scripts
  source_names   = [for source in var.sources_enabled : trimprefix(source, "source.")]
  nix_execute_command = var.os_name == "freebsd" ? "echo 'vagrant' | {{.Vars}} su -m root -c 'sh -eux {{.Path}}'" : "echo 'vagrant' | {{ .Vars }} sudo -S -E bash -eux '{{.Path}}'"
}
source "qemu" "vm" {
  accelerator       = local.qemu_accelerator
  boot_command      = var.boot_command
  boot_wait         = local.default_boot_wait
  cpus              = var.cpus
  communicator      = local.communicator
  disk_size         = local.disk_size
  display           = local.qemu_display
  headless          = var.headless
  http_directory    = local.http_directory
  iso_checksum      = var.iso_checksum
  iso_url           = var.iso_url
  memory            = local.memory
  output_directory  = "${local.output_directory}-qemu"
  qemuargs          = local.qemuargs
  shutdown_command  = local.shutdown_command
  ssh_password      = "vagrant"
  ssh_timeout       = "15m"
  ssh_username      = "vagrant"
  vm_name           = "${var.os_name}-${var.os_version}-${var.os_arch}"
}
locals {
  qemu_accelerator  = var.qemu_accelerator == null ? "none" : var.qemu_accelerator
  qemu_display      = var.headless ? "none" : null
  default_boot_wait = var.default_boot_wait == null ? (var.is_windows ? "60s" : "10s") : var.default_boot_wait
  communicator      = var.is_windows ? "winrm" : "ssh"
  disk_size         = var.disk_size == null ? 65536 : var.disk_size
  http_directory    = var.http_directory == null ? "${path.root}/http" : var.http_directory
  memory            = var.memory == null ? (var.is_windows ? 4096 : 2048) : var.memory
  output_directory  = "${path.root}/../builds/packer-${var.os_name}-${var.os_version}-${var.os_arch}"
  qemuargs = var.qemuargs == null ? (
    var.is_windows ? [
      ["-drive", "file=~/virtio-win.iso,media=cdrom,index=3"]
      ] : (
      var.os_arch == "aarch64" ? [
        ["-boot", "strict=off"]
      ] : null
    )
  ) : var.qemuargs
  shutdown_command = var.shutdown_command == null ? (
    var.is_windows ? "shutdown /s /t 10 /f /d p:4:1 /c \"Packer Shutdown\"" : (
      var.os_name == "freebsd" ? "echo 'vagrant' | su -m root -c 'shutdown -p now'" :
      "echo 'vagrant' | sudo -S /sbin/halt -h -p"
    )
  ) : var.shutdown_command
}
build {
  sources = var.sources_enabled

  provisioner "shell" {
    environment_vars  = concat(["HOME_DIR=/home/vagrant"], var.no_proxy == "" ? [] : ["no_proxy=${var.no_proxy}"])
    execute_command   = local.nix_execute_command
    expect_disconnect = true
    scripts           = local.scripts
    except            = var.is_windows ? local.source_names : null
  }
  provisioner "powershell" {
    inline = ["exit 0"]
    except = var.is_windows ? null : local.source_names
  }
  post-processor "vagrant" {
    compression_level    = 9
    output               = "${path.root}/../builds/${var.os_name}-${var.os_version}-${var.os_arch}.{{ .Provider }}.box"
    vagrantfile_template = var.is_windows ? "${path.root}/vagrantfile-windows.template" : null
  }
}
