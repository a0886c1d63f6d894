"""Set-up: what a machine needs before the portal can run; standard library only, as nothing is there yet."""
