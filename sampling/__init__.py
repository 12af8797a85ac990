"""Sampling (標本抽出): registers, frame, design, draw, certificate, vault, hand-overs and answers.

- `read_residents`, `read_certifications`, `build_frame`, `StratifiedDesign`, `draw`: from files to a sample;
- `frame_survey`, `draw_sample`, `refresh_survey`, `hand_over_labels`, `take_answers`, `hand_over_research`:
  the same in a survey folder, behind the approval's gate.

Names are imported at first use, so that ``hyohon --help`` stays quick.
"""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
    from sampling.acts import DrawRun, FrameRun, RegisterFiles, draw_sample, frame_survey
    from sampling.answers import AnswersIn, take_answers
    from sampling.building import build_frame
    from sampling.certificate import DrawCertificate, read_certificate
    from sampling.design import Preview, StratifiedDesign
    from sampling.drawing import Sample, draw
    from sampling.frame import Frame, Linkage
    from sampling.handover import HandOver, export_link, hand_over_labels, hand_over_research
    from sampling.layout import Layout, load_layout
    from sampling.refresh import RefreshRun, refresh_survey
    from sampling.registers import Register, read_certifications, read_residents
    from sampling.vault import load_vault

__all__ = [
    "AnswersIn",
    "DrawCertificate",
    "DrawRun",
    "Frame",
    "FrameRun",
    "HandOver",
    "Layout",
    "Linkage",
    "Preview",
    "RefreshRun",
    "Register",
    "RegisterFiles",
    "Sample",
    "StratifiedDesign",
    "build_frame",
    "draw",
    "draw_sample",
    "export_link",
    "frame_survey",
    "hand_over_labels",
    "hand_over_research",
    "load_layout",
    "load_vault",
    "read_certificate",
    "read_certifications",
    "read_residents",
    "refresh_survey",
    "take_answers",
]

_HOME = {
    "acts": ("DrawRun", "FrameRun", "RegisterFiles", "draw_sample", "frame_survey"),
    "answers": ("AnswersIn", "take_answers"),
    "building": ("build_frame",),
    "certificate": ("DrawCertificate", "read_certificate"),
    "design": ("Preview", "StratifiedDesign"),
    "drawing": ("Sample", "draw"),
    "frame": ("Frame", "Linkage"),
    "handover": ("HandOver", "export_link", "hand_over_labels", "hand_over_research"),
    "layout": ("Layout", "load_layout"),
    "refresh": ("RefreshRun", "refresh_survey"),
    "registers": ("Register", "read_certifications", "read_residents"),
    "vault": ("load_vault",),
}


def __getattr__(name: str) -> object:
    for module, names in _HOME.items():
        if name in names:
            return getattr(_importlib.import_module(f"sampling.{module}"), name)
    raise AttributeError(f"module 'sampling' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
