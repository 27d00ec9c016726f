w = f(<<A
x
A
)
