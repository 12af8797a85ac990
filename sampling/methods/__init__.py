"""Selection methods: functions on arrays with a `numpy.random.Generator`, and inclusion probabilities.

In brackets the names in SAS PROC SURVEYSELECT (S:), R sampling (R:) and R BalancedSampling (B:).

Equal probabilities: `srs` (S: SRS, R: srswor), `srs_with_replacement` (S: URS, R: srswr), `stratified_srs`
(S: STRATA, R: strata), `bernoulli` (S: BERNOULLI), `systematic` (S: SYS) after `serpentine` (S: CONTROL).
Probabilities proportional to size: `inclusion_probabilities` (S: SIZE, CERTSIZE=, MINSIZE=, MAXSIZE=; R:
inclusionprobabilities), `stratified_inclusion_probabilities` (R: inclusionprobastrata).
Fixed size, exact probabilities: `hanurav_vijayan` (S: PPS), `sampford` (S: PPS_SAMPFORD, R: UPsampford),
`brewer` (S: PPS_BREWER, R: UPbrewer), `conditional_poisson` (R: UPmaxentropy), `tille` (R: UPtille),
`midzuno` (R: UPmidzuno), `pps_systematic` (S: PPS_SYS, R: UPsystematic, UPrandomsystematic), `pivotal` (R:
UPpivotal, B: rpm, spm), `minimum_support` (R: UPminimalsupport), `murthy` (two units, S: PPS_MURTHY).
Order sampling (R: UPopips): `pareto`, `sequential_poisson`, `successive`.
More than one hit: `chromy` (S: PPS_SEQ, with equal hits SEQ), `pps_with_replacement` (S: PPS_WR, R:
UPmultinomial), `balanced_bootstrap` (S: BALBOOT). Random size: `poisson` (S: POISSON, R: UPpoisson).
Balanced: `cube` (R: samplecube, B: cube, cubestratified). Spread: `local_pivotal_1`, `local_pivotal_2` (B:
lpm1, lpm2), `spatially_correlated_poisson` (B: scps), `hierarchical_local_pivotal` (B: hlpm2). Both:
`local_cube` (B: lcube). Measures: `balance`, `voronoi_balance` (B: sb).
In stages: `two_stage`, `multistage` (R: mstage), `one_per_cluster`, `balanced_clusters` (R: balancedcluster),
`balanced_two_stage` (R: balancedtwostage). Groups: `random_groups` (S: GROUPS=).
Permanent random numbers: `srs_prn`, `rotation_sample`, `reserve_order`, `shifted_prn`, `cotton_hesse`,
`collocated`, `expected_overlap`; ``prn=`` of `bernoulli`, `poisson` and order sampling.
Pairs of units (S: JTPROBS, R: UP...pi2): `joint_inclusion`, `joint_hits`, `approximate_joint`,
`simulate_joint`, `murthy_inclusion`.

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

from sampling.methods.balanced_clusters import balanced_clusters, balanced_two_stage
from sampling.methods.brewer import brewer
from sampling.methods.chromy import chromy
from sampling.methods.clusters import ClusterSample, multistage, one_per_cluster, two_stage
from sampling.methods.conditional_poisson import conditional_poisson
from sampling.methods.cube import Balance, balance, cube
from sampling.methods.groups import balanced_bootstrap, random_groups
from sampling.methods.hanurav import hanurav_vijayan
from sampling.methods.hierarchical import SplitSample, hierarchical_local_pivotal
from sampling.methods.inclusion import inclusion_probabilities, stratified_inclusion_probabilities
from sampling.methods.joint import joint_hits, joint_inclusion
from sampling.methods.joint_simulated import SimulatedJoint, simulate_joint
from sampling.methods.joint_systematic import approximate_joint
from sampling.methods.local_cube import local_cube
from sampling.methods.midzuno import midzuno
from sampling.methods.murthy import murthy, murthy_inclusion
from sampling.methods.order import sequential_poisson, successive
from sampling.methods.pareto import pareto
from sampling.methods.permanent import (
    collocated,
    cotton_hesse,
    expected_overlap,
    rotation_sample,
    shifted_prn,
    srs_prn,
)
from sampling.methods.pivotal import local_pivotal_1, local_pivotal_2, pivotal
from sampling.methods.poisson import poisson, pps_with_replacement
from sampling.methods.reserve import reserve_order
from sampling.methods.sampford import sampford
from sampling.methods.scps import spatially_correlated_poisson
from sampling.methods.simple import bernoulli, srs, srs_with_replacement, stratified_srs
from sampling.methods.spread import VoronoiBalance, voronoi_balance
from sampling.methods.support import minimum_support
from sampling.methods.systematic import pps_systematic, serpentine, systematic
from sampling.methods.tille import tille

__all__ = [
    "Balance",
    "ClusterSample",
    "SimulatedJoint",
    "SplitSample",
    "VoronoiBalance",
    "approximate_joint",
    "balance",
    "balanced_bootstrap",
    "balanced_clusters",
    "balanced_two_stage",
    "bernoulli",
    "brewer",
    "chromy",
    "collocated",
    "conditional_poisson",
    "cotton_hesse",
    "cube",
    "expected_overlap",
    "hanurav_vijayan",
    "hierarchical_local_pivotal",
    "inclusion_probabilities",
    "joint_hits",
    "joint_inclusion",
    "local_cube",
    "local_pivotal_1",
    "local_pivotal_2",
    "midzuno",
    "minimum_support",
    "multistage",
    "murthy",
    "murthy_inclusion",
    "one_per_cluster",
    "pareto",
    "pivotal",
    "poisson",
    "pps_systematic",
    "pps_with_replacement",
    "random_groups",
    "reserve_order",
    "rotation_sample",
    "sampford",
    "sequential_poisson",
    "serpentine",
    "shifted_prn",
    "simulate_joint",
    "spatially_correlated_poisson",
    "srs",
    "srs_prn",
    "srs_with_replacement",
    "stratified_inclusion_probabilities",
    "stratified_srs",
    "successive",
    "systematic",
    "tille",
    "two_stage",
    "voronoi_balance",
]
