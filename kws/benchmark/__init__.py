"""What kws costs on this machine: `kws bench`."""
