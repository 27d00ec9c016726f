x = c ? d : e
