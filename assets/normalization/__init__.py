"""Records freed of what no person meant to say: broken encoding, mark-up, quoted replies, signatures, boilerplate."""
