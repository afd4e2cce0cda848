// Saddle
