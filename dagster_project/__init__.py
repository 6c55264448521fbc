"""What an asset may lean on, and the assembly; computes nothing."""
