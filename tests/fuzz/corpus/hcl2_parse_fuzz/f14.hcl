u = -x.y
