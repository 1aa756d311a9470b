"""The foreign-function layer: finds and loads the library, and converts values and texts."""
