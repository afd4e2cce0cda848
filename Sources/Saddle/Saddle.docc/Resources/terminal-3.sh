# What would be chosen for the pictures, and what it takes: memory, disk, time.
saddle train pictures --dry-run

# Ctrl-C saves and stops.
saddle train pictures --steps 5000
saddle train --resume --out runs/pictures --steps 5000

saddle runs
saddle sample runs/pictures --count 100 --out more.png
saddle judge runs/pictures --held-out others
