"""HTML of our own templates becomes a PDF in a child process that reaches nothing and outstays no limit."""

from portal.pdf.renderer import RenderFailed, RenderTimeout, prewarm, render

__all__ = ["RenderFailed", "RenderTimeout", "prewarm", "render"]
