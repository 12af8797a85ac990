"""Linkage (名寄せ): which resident each certification row belongs to."""

from sampling.linkage.link import link_registers
from sampling.linkage.result import Links, exact_links
from sampling.linkage.review import Decisions, read_decisions

__all__ = ["Decisions", "Links", "exact_links", "link_registers", "read_decisions"]
