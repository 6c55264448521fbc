"""Operation: what was chosen as a package, the champion that is served, and the way back to an earlier one."""
