"""What readings come from: files and machines that are simulated, with the ports they need."""
