"""Linkage (名寄せ): which resident each certification row belongs to."""

from sampling.linkage.result import Links, exact_links

__all__ = ["Links", "exact_links"]
