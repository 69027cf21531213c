print("jumpa")
