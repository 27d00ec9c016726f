c = !a && !b
