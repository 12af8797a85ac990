"""Linkage (名寄せ): which resident each certification row belongs to."""
