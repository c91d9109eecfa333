"""What records were sold for, what they are asked for, and what one of them is worth."""
