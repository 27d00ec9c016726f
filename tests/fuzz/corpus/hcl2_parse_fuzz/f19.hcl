z = (
  a
  + b
)
