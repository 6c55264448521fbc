"""How alike questions are to answers of other questions, measured once on real pairs.

Printed by `benchmarks/relevance_calibration.py` from 2,215 pairs of eight public sets (dstc10_spoken_calls,
dstc_faq_kb, handbook_18f, nyc_311, primock57_calls, stackexchange_qa, star_bank_chats, taubench_chats), 400 a set at
most, all-MiniLM-L6-v2 on the first 128 tokens, float32. At limit 0.25 (0.7) these true pairs pass: 0.96 (0.78) of
dstc10, 1.00 (0.99) of dstc_faq, 0.97 (0.89) of handbook, 0.87 (0.36) of nyc_311 with its stock outcomes, 0.86 (0.63)
of primock57, 1.00 (0.99) of stackexchange, 0.85 (0.44) of star, 1.00 (0.93) of taubench.
"""

from __future__ import annotations

# fmt: off
MISMATCHED_COSINES = (
    -0.2163, -0.0581, -0.0366, -0.0229, -0.0107, -0.0015, 0.0058, 0.0134, 0.02, 0.0264, 0.0323, 0.0378, 0.0425,
    0.0475, 0.0523, 0.057, 0.0611, 0.0651, 0.0691, 0.0733, 0.077, 0.0813, 0.0849, 0.0886, 0.0924, 0.0962, 0.0998,
    0.1036, 0.1071, 0.1111, 0.1141, 0.1178, 0.1213, 0.1247, 0.1278, 0.1312, 0.1346, 0.138, 0.1412, 0.1442, 0.1478,
    0.1513, 0.1546, 0.158, 0.1615, 0.1647, 0.1682, 0.1718, 0.1753, 0.1788, 0.1826, 0.1864, 0.1899, 0.1936, 0.1973,
    0.201, 0.2045, 0.2079, 0.2118, 0.2152, 0.2193, 0.2233, 0.2275, 0.232, 0.2364, 0.2408, 0.245, 0.2491, 0.2535,
    0.258, 0.262, 0.2666, 0.2709, 0.2757, 0.2801, 0.2851, 0.2899, 0.2953, 0.3, 0.3056, 0.3105, 0.316, 0.3218,
    0.3279, 0.3341, 0.3416, 0.3484, 0.3559, 0.3629, 0.3708, 0.3793, 0.3888, 0.3979, 0.4102, 0.4248, 0.4407, 0.46,
    0.4853, 0.5172, 0.5747, 0.9634,
)
# fmt: on
"""101 evenly spaced quantiles, 0 % to 100 %."""
