"""The page of what `cratewatch identify` answered."""
