"""The tables of docs/performance.md, one module each: what is measured, the words above the table, and its rows."""

from __future__ import annotations

from benchmarks.sections import b1, compiled, images, layers, looks, parts, shapes, sweep, wide
from benchmarks.sections.section import Section

SECTIONS: dict[str, Section] = {
    section.name: section
    for section in (
        b1.B1,
        shapes.SHAPES,
        parts.PARTS,
        looks.LOOKS,
        sweep.SWEEP,
        wide.WIDE,
        compiled.COMPILED,
        layers.LAYERS,
        images.IMAGES,
    )
}
