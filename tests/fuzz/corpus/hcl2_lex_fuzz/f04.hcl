c = { for k, v in m : k => v... if k }
