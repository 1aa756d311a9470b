"""Pictures of curves: with matplotlib, or as a small SVG for notebooks. They import none of the classes."""
