"""What the shop sold: files of its own till, and order exports of platforms."""
