by_file = "file"
by_flag = "file"
flag    = true
