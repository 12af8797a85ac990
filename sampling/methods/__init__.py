"""Selection methods: functions on arrays with a `numpy.random.Generator`, and inclusion probabilities.

Equal probabilities: `srs`, `stratified_srs`, `bernoulli`, `systematic` (after `serpentine`). Unequal ones, of
fixed size: `pps_systematic`, `conditional_poisson`, `sampford`, `brewer`, `tille`, `pareto`, `chromy`,
`midzuno`, `pivotal`; of random size: `poisson`. Balanced and spread: `cube`, `local_pivotal_1`,
`local_pivotal_2`, `spatially_correlated_poisson`. In stages: `two_stage`, `multistage`, `one_per_cluster`.

Examples
--------
>>> import numpy as np
>>> pik = inclusion_probabilities([10, 20, 30, 40], 2)
>>> pik.round(2).tolist()
[0.2, 0.4, 0.6, 0.8]
>>> len(sampford(pik, rng=np.random.default_rng(1)))
2
>>> joint_inclusion("sampford", pik).sum(axis=1).round(6).tolist()  # n times pik
[0.4, 0.8, 1.2, 1.6]
"""

from sampling.methods.brewer import brewer
from sampling.methods.chromy import chromy
from sampling.methods.clusters import ClusterSample, multistage, one_per_cluster, two_stage
from sampling.methods.conditional_poisson import conditional_poisson
from sampling.methods.cube import Balance, balance, cube
from sampling.methods.inclusion import inclusion_probabilities
from sampling.methods.joint import joint_inclusion
from sampling.methods.midzuno import midzuno
from sampling.methods.pareto import pareto
from sampling.methods.pivotal import local_pivotal_1, local_pivotal_2, pivotal
from sampling.methods.poisson import poisson, pps_with_replacement
from sampling.methods.sampford import sampford
from sampling.methods.scps import spatially_correlated_poisson
from sampling.methods.simple import bernoulli, srs, srs_with_replacement, stratified_srs
from sampling.methods.spread import VoronoiBalance, voronoi_balance
from sampling.methods.systematic import pps_systematic, serpentine, systematic
from sampling.methods.tille import tille

__all__ = [
    "Balance",
    "ClusterSample",
    "VoronoiBalance",
    "balance",
    "bernoulli",
    "brewer",
    "chromy",
    "conditional_poisson",
    "cube",
    "inclusion_probabilities",
    "joint_inclusion",
    "local_pivotal_1",
    "local_pivotal_2",
    "midzuno",
    "multistage",
    "one_per_cluster",
    "pareto",
    "pivotal",
    "poisson",
    "pps_systematic",
    "pps_with_replacement",
    "sampford",
    "serpentine",
    "spatially_correlated_poisson",
    "srs",
    "srs_with_replacement",
    "stratified_srs",
    "systematic",
    "tille",
    "two_stage",
    "voronoi_balance",
]
