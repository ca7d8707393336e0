"""Numbers that must not change unless somebody means it.

Made once by training on three machines of `pump_rows` (an hour each, seeds as in `trained_pump`) and scoring rows 0 to
4,999 of machine 1, seed 9, with 0.5 added to vibration from row 3,100 and flow held from row 4,300 to 4,399. The five
ratios of a reading are those before hysteresis.
"""

import numpy as np

from ml.panel.detector import PanelDetector
from ml.panel.passes import scan
from ml.panel.rows import whole
from tests.unit.panel.machines import pump_rows

GOLDEN = {
    100: (0.2031024729, 0.21903173117, 0.59014142647, 0.0, 0.0),
    1000: (0.39782029723, 0.20611654057, 0.59468038569, 0.05152188499, 0.0),
    2999: (0.21635600871, 0.13251055568, 0.62130820788, 0.07874226759, 0.0),
    3100: (0.97303678709, 0.28997904071, 0.61309532499, 0.07874226759, 0.0),
    3115: (0.52743740552, 1.92375707314, 0.70237074208, 0.07874226759, 0.0),
    3500: (0.41840007365, 2.90108434297, 0.66546661443, 2.92585765895, 0.0),
    4310: (0.45222528534, 2.44091669152, 0.55798476714, 5.14999343844, 1.0),
    4399: (0.49930848846, 2.71628685369, 0.56360800869, 5.34590593501, 9.9),
    4999: (0.41567937816, 2.49330823215, 0.63386648885, 5.89284676588, 0.0),
}
JUDGED = 4504
ALARMS = (0, 1893, 0, 1764, 90)


def test_ratios_are_those_of_the_day_they_were_written_down(pump: PanelDetector) -> None:
    values = pump_rows(5000, machine=1, seed=9)
    values[3100:, 2] += 0.5
    values[4300:4400, 1] = values[4300, 1]

    found = scan(
        whole("machine-1", values), pump.panel.numbers[1], tables=pump.panel.tables, pace=pump.pace, statistics=False
    )

    for row, ratios in GOLDEN.items():
        np.testing.assert_allclose(found.ratios[row], ratios, rtol=0, atol=1e-9, err_msg=f"row {row}")
    assert int(found.judged.sum()) == JUDGED
    np.testing.assert_array_equal(found.alarms.sum(axis=0), ALARMS)
