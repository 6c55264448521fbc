"""Analysis: what of a pair is compared and counted, made once; nothing of it is ever trained on."""
