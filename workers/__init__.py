"""Ray workers: one module for each heavy stage; each loads once and works by batch or shard."""
