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
    from sampling.ceremony import Commitment
    from sampling.ceremony_acts import commit_draw
    from sampling.certificate import DrawCertificate, read_certificate
    from sampling.coordination import Arc, Coordination
    from sampling.design import StratifiedDesign
    from sampling.drawing import Sample, draw
    from sampling.exclusions import Exclusions, read_exclusions
    from sampling.flow_chart import flow_chart_pdf, flow_chart_svg
    from sampling.following import follow
    from sampling.frame import Frame, Linkage
    from sampling.frame_rules import FrameRules
    from sampling.handover import HandOver, export_link, hand_over_labels
    from sampling.layout import Layout, load_layout
    from sampling.layout_check import LayoutCheck, check_layout
    from sampling.linkage import Links, link_registers, read_decisions
    from sampling.method_design import MethodDesign, MethodSample, Stage
    from sampling.preview import Preview
    from sampling.preview_acts import preview_survey
    from sampling.quarantine import open_quarantine
    from sampling.refresh import RefreshRun, refresh_survey
    from sampling.registers import Register, read_certifications, read_qualifications, read_residents
    from sampling.research_handover import hand_over_research
    from sampling.response import Response, response_survey
    from sampling.vault import load_vault
    from sampling.waves_handover import WaveHandOver, hand_over_wave

__all__ = [
    "AnswersIn",
    "Arc",
    "Commitment",
    "Coordination",
    "DrawCertificate",
    "DrawRun",
    "Exclusions",
    "Frame",
    "FrameRules",
    "FrameRun",
    "HandOver",
    "Layout",
    "LayoutCheck",
    "Linkage",
    "Links",
    "MethodDesign",
    "MethodSample",
    "Preview",
    "RefreshRun",
    "Register",
    "RegisterFiles",
    "Response",
    "Sample",
    "Stage",
    "StratifiedDesign",
    "WaveHandOver",
    "build_frame",
    "check_layout",
    "commit_draw",
    "draw",
    "draw_sample",
    "export_link",
    "flow_chart_pdf",
    "flow_chart_svg",
    "follow",
    "frame_survey",
    "hand_over_labels",
    "hand_over_research",
    "hand_over_wave",
    "link_registers",
    "load_layout",
    "load_vault",
    "open_quarantine",
    "preview_survey",
    "read_certificate",
    "read_certifications",
    "read_decisions",
    "read_exclusions",
    "read_qualifications",
    "read_residents",
    "refresh_survey",
    "response_survey",
    "take_answers",
]

_HOME = {
    "acts": ("DrawRun", "FrameRun", "RegisterFiles", "draw_sample", "frame_survey"),
    "answers": ("AnswersIn", "take_answers"),
    "building": ("build_frame",),
    "ceremony": ("Commitment",),
    "ceremony_acts": ("commit_draw",),
    "certificate": ("DrawCertificate", "read_certificate"),
    "coordination": ("Arc", "Coordination"),
    "design": ("StratifiedDesign",),
    "drawing": ("Sample", "draw"),
    "exclusions": ("Exclusions", "read_exclusions"),
    "flow_chart": ("flow_chart_pdf", "flow_chart_svg"),
    "following": ("follow",),
    "frame": ("Frame", "Linkage"),
    "frame_rules": ("FrameRules",),
    "handover": ("HandOver", "export_link", "hand_over_labels"),
    "layout": ("Layout", "load_layout"),
    "layout_check": ("LayoutCheck", "check_layout"),
    "linkage": ("Links", "link_registers", "read_decisions"),
    "method_design": ("MethodDesign", "MethodSample", "Stage"),
    "preview": ("Preview",),
    "preview_acts": ("preview_survey",),
    "quarantine": ("open_quarantine",),
    "refresh": ("RefreshRun", "refresh_survey"),
    "registers": ("Register", "read_certifications", "read_qualifications", "read_residents"),
    "research_handover": ("hand_over_research",),
    "response": ("Response", "response_survey"),
    "vault": ("load_vault",),
    "waves_handover": ("WaveHandOver", "hand_over_wave"),
}


def __getattr__(name: str) -> object:
    for module, names in _HOME.items():
        if name in names:
            return getattr(_importlib.import_module(f"sampling.{module}"), name)
    raise AttributeError(f"module 'sampling' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
