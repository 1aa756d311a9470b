"""Pictures of what has a curve: with matplotlib, or as a small SVG for notebooks. They know none of the classes."""
