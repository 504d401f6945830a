"""Speed and quality of this machine and these models, measured through the real parts."""
