variable "region" {
  type    = string
  default = "eu-west-1"
}
locals { timestamp = regex_replace(timestamp(), "[- TZ:]", "") }
locals {
  tags = merge({ "Owner" = "ops" }, { for k, v in { a = 1, b = 2 } : upper(k) => "v${v}" })
}
data "amazon-ami" "debian" {
  filters = {
    name                = "debian-12-*"
    virtualization-type = "hvm"
  }
  most_recent = true
  owners      = ["136693071363"]
  region      = var.region
}
source "amazon-ebs" "debian" {
  ami_name      = "base-${local.timestamp}"
  instance_type = "t3.micro"
  region        = var.region
  source_ami    = data.amazon-ami.debian.id
  ssh_username  = "admin"
  tags          = local.tags
  run_tags = {
    "Built from" = "{{ .SourceAMIName }}"
  }
  dynamic "launch_block_device_mappings" {
    for_each = [8, 16]
    iterator = disk
    content {
      device_name           = "/dev/xvd${["a", "b"][disk.key]}"
      volume_size           = disk.value
      delete_on_termination = true
    }
  }
}
build {
  sources = ["source.amazon-ebs.debian"]
  hcp_packer_registry {
    bucket_name = "base"
  }
  provisioner "shell" {
    inline = [
      "echo ${data.amazon-ami.debian.name}",
      <<-EOT
        cat > /etc/motd <<EOF
        %{ for k, v in local.tags ~}
        ${k}=${v}
        %{ endfor ~}
        EOF
      EOT
      ,
    ]
  }
}
