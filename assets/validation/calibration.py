"""How alike questions are to answers of other questions, measured once on real pairs.

Printed by `benchmarks/relevance_calibration.py` from 2,179 pairs of ten public sets (the sources of
`examples/public_support.yaml` whose answers say something), 400 a set at most, as the room embeds them: without
courtesies, all-MiniLM-L6-v2 on the first 64 tokens, float32. At limit 0.25 (0.7) these true pairs pass: 1.00 (0.88) of
airline_chats, 0.83 (0.43) of bank_chats, 0.86 (0.45) of city_requests with its stock outcomes, 0.86 (0.59) of
clinic_calls, 1.00 (0.98) of coffee_questions, 1.00 (0.93) of company_policies, 0.98 (0.88) of office_handbook, 1.00
(0.96) of retail_guidelines, 0.96 (0.77) of tourist_calls, 0.99 (0.99) of tourist_faq.
"""

from __future__ import annotations

# fmt: off
MISMATCHED_COSINES = (
    -0.2019, -0.0511, -0.0287, -0.0131, -0.0012, 0.0076, 0.0162, 0.0237, 0.0308, 0.0371, 0.0423, 0.0477, 0.0527,
    0.0572, 0.0617, 0.0664, 0.0701, 0.0738, 0.0774, 0.0806, 0.0841, 0.0879, 0.092, 0.0956, 0.0989, 0.1021,
    0.1051, 0.1084, 0.1118, 0.1152, 0.1189, 0.1222, 0.1254, 0.1285, 0.1312, 0.1344, 0.1378, 0.1413, 0.1443,
    0.1477, 0.1515, 0.1545, 0.1582, 0.1614, 0.1649, 0.1684, 0.1721, 0.1753, 0.1791, 0.1826, 0.1859, 0.1897,
    0.1933, 0.1971, 0.201, 0.2042, 0.2078, 0.2118, 0.2151, 0.219, 0.2231, 0.2272, 0.2314, 0.2356, 0.24, 0.2441,
    0.2481, 0.2518, 0.2559, 0.2597, 0.2635, 0.2673, 0.2721, 0.277, 0.2816, 0.286, 0.2906, 0.2956, 0.301, 0.3064,
    0.3114, 0.316, 0.3225, 0.3285, 0.3345, 0.3414, 0.3491, 0.3558, 0.363, 0.3713, 0.38, 0.3895, 0.3996, 0.4118,
    0.4283, 0.4437, 0.4582, 0.4784, 0.5107, 0.5648, 0.8783,
)
# fmt: on
"""101 evenly spaced quantiles, 0 % to 100 %."""
