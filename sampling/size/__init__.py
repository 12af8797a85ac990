"""Sample sizes (標本数): answers and persons to draw for a wanted precision or power, and what a size gives.

One estimate: `size_proportion`, `size_mean`, `size_total`, and the other way `margin_proportion`,
`margin_mean`, `margin_total`, `precision_table`, `precision_plot`. Two groups: `size_two_proportions`,
`size_two_means`, `power_two_proportions`, `power_two_means`, `detectable_two_proportions`,
`detectable_two_means`. Several domains at once: `size_domains`. All know finite populations, design effects
and response rates.

Examples
--------
>>> size_proportion(margin=0.03, N=150_000, response=0.5)
<SampleSize proportion: 1,060 answers, draw 2,120, margin ±0.02999 at 95%>
"""

from sampling.size.difference import size_two_means, size_two_proportions
from sampling.size.domains import size_domains
from sampling.size.plot import precision_plot
from sampling.size.power import (
    detectable_two_means,
    detectable_two_proportions,
    power_two_means,
    power_two_proportions,
)
from sampling.size.result import SampleSize
from sampling.size.single import (
    margin_mean,
    margin_proportion,
    margin_total,
    precision_table,
    size_mean,
    size_proportion,
    size_total,
)

__all__ = [
    "SampleSize",
    "detectable_two_means",
    "detectable_two_proportions",
    "margin_mean",
    "margin_proportion",
    "margin_total",
    "power_two_means",
    "power_two_proportions",
    "precision_plot",
    "precision_table",
    "size_domains",
    "size_mean",
    "size_proportion",
    "size_total",
    "size_two_means",
    "size_two_proportions",
]
