# What would be chosen for the pictures, and what it takes: memory, disk, time.
saddle train pictures --dry-run
