"""What is written: statements and signals become changes, published when their transaction is committed."""
