a = "x"
b = [1, { c = true }]
d = <<EOT
text ${1}
EOT
