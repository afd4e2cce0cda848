// Adversaries
