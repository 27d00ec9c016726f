h = <<-EOT
    foo %{ if x ~}
  y
 %{ endif }
  EOT
