"""Designs by method: any method of `sampling.methods` on any table, with weights at birth.

`MethodDesign` says what is drawn, `MethodDesign.preview` shows it, `MethodDesign.draw` draws it and `verify`
draws it again; `method_table` lists the methods with their names in SAS and R.

Examples
--------
>>> import pandas as pd
>>> frame = pd.DataFrame({"area": ["E"] * 30 + ["W"] * 70})
>>> sample = MethodDesign("srs", n=10, strata="area").draw(frame, seed="2026-04-01")
>>> sample.tidy()
  stratum  psus  rows  weight_sum
0       E     3     3        30.0
1       W     7     7        70.0
>>> verify(sample.record, frame).ok
True
"""

from sampling.method_design.design import MethodDesign
from sampling.method_design.pairs import JointStratum
from sampling.method_design.preview import MethodPreview
from sampling.method_design.record import MethodRecord, read_method_record
from sampling.method_design.rules import method_table
from sampling.method_design.sample import MethodSample
from sampling.method_design.source import column_digest
from sampling.method_design.stage import Stage
from sampling.method_design.verifying import MethodVerification, verify

__all__ = [
    "JointStratum",
    "MethodDesign",
    "MethodPreview",
    "MethodRecord",
    "MethodSample",
    "MethodVerification",
    "Stage",
    "column_digest",
    "method_table",
    "read_method_record",
    "verify",
]
