blk {
  inner {
    a = 1
  }

  b = 2
  ccc = 3

  d = 4
}
