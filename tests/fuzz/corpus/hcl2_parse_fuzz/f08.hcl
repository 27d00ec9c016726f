f = func(
  a,
  b,
)
