"""A folder of cover images, with a CSV file of what they show."""
