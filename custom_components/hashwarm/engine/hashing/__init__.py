"""SHA-256d: kernels, the hashing child process and its keeper."""
