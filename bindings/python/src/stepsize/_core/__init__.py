"""The classes: schedules, controllers, schedulers, and the theory. Their public names are those of the package."""
