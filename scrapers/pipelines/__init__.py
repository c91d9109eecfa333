"""What becomes of an item that a spider yields: one step for each module."""
