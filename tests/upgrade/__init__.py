"""What another version has written, or will."""
