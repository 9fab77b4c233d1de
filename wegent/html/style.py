"""How it looks: JupyterLab's colours where they are, plain ones elsewhere; everything within one class."""

_ANSI = {
    "black": "#6b7280", "red": "#d1383d", "green": "#2c8a3f", "yellow": "#a67300", "blue": "#3b74d1",
    "magenta": "#a849b8", "cyan": "#158794", "white": "#8a949e",
}  # fmt: skip
"""Readable on light and on dark."""

_CSS = """
.wegent{font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.5;
color:var(--jp-content-font-color1,inherit);max-width:100%;overflow-wrap:anywhere}
.wegent pre,.wegent code{font-family:var(--jp-code-font-family,ui-monospace,monospace);font-size:12px;
background:none;color:inherit;border:0;padding:0}
.wegent pre{margin:2px 0;white-space:pre-wrap;overflow-x:auto;max-height:26em;overflow-y:auto}
.wegent .wg-text code{background:var(--jp-layout-color2,#8882);padding:0 3px;border-radius:3px}
.wegent .wg-text pre{background:var(--jp-layout-color2,#8881);padding:6px 8px;border-radius:4px}
.wegent .wg-text pre code{background:none;padding:0}
.wegent .wg-text>:first-child{margin-top:4px}.wegent .wg-text>:last-child{margin-bottom:4px}
.wegent .wg-text a,.wegent .wg-foreign a{color:var(--jp-content-link-color,#1967d2)}
.wegent .wg-dim{color:var(--jp-content-font-color2,#777)}
.wegent .wg-head{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline}
.wegent .wg-prompt{margin:0 0 4px;padding-left:8px;border-left:3px solid var(--jp-brand-color1,#1976d2);
white-space:pre-wrap;max-height:8em;overflow-y:auto}
.wegent .wg-error,.wegent .wg-notice-error{color:var(--jp-error-color1,#c62828)}
.wegent .wg-notice-warning{color:var(--jp-warn-color0,#b26a00)}
.wegent .wg-stderr{border-left:3px solid var(--jp-warn-color1,#e0a030);padding-left:6px}
.wegent .wg-card{border:1px solid var(--jp-border-color2,#ccc);border-radius:4px;padding:2px 8px;margin:3px 0;
background:var(--jp-layout-color1,transparent)}
.wegent .wg-card.wg-failed{border-color:var(--jp-error-color1,#c62828)}
.wegent .wg-card.wg-question{border-color:var(--jp-warn-color1,#e0a030);border-width:2px}
.wegent .wg-child{margin-left:20px}
.wegent summary{cursor:pointer}
.wegent .wg-said{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.wegent .wg-diff span{display:block}.wegent .wg-diff{white-space:pre}
.wegent .wg-diff-added{background:#2e7d3226}.wegent .wg-diff-removed{background:#c6282826}
.wegent .wg-diff-hunk{color:var(--jp-info-color1,#00838f)}
.wegent .wg-todo{list-style:none;margin:0;padding-left:4px}
.wegent .wg-todo-completed{color:var(--jp-content-font-color2,#777)}.wegent .wg-todo-in_progress{font-weight:600}
.wegent .wg-plain{white-space:pre-wrap}
.wegent .wg-output{overflow-x:auto;max-width:100%}
.wegent .wg-picture{max-width:100%;background:#fff}
.wegent .wg-frame{width:100%;height:320px;border:1px solid var(--jp-border-color2,#ccc);background:#fff}
.wegent table{border-collapse:collapse;font-size:12px;margin:4px 0;border:0}
.wegent table th,.wegent table td{padding:3px 10px;border:0;border-bottom:1px solid var(--jp-border-color2,#ddd);
vertical-align:top}
.wegent.wegent th,.wegent.wegent td{text-align:left}
.wegent .wg-tasks{table-layout:fixed;width:100%;margin:0}
.wegent .wg-devices{display:grid;grid-template-columns:9em minmax(7em,12em) 6em 6em 6em minmax(8em,1fr);
gap:2px 8px}
.wegent .wg-foreign th,.wegent .wg-foreign td{text-align:right}
.wegent th{font-weight:600;color:var(--jp-content-font-color2,#777)}
.wegent.wegent .wg-number{text-align:right;font-variant-numeric:tabular-nums}
.wegent .wg-bar{display:flex;height:8px;border-radius:4px;overflow:hidden;background:var(--jp-layout-color3,#ddd);
max-width:480px;margin:4px 0}
.wegent .wg-bar-completed{background:var(--jp-success-color1,#388e3c)}
.wegent .wg-bar-failed{background:var(--jp-error-color1,#d32f2f)}
.wegent .wg-bar-cancelled{background:var(--jp-border-color0,#888)}
.wegent .wg-bar-running{background:var(--jp-brand-color1,#1976d2)}
.wegent .wg-bold{font-weight:700}
.wegent .wg-italic{font-style:italic}.wegent .wg-underline{text-decoration:underline}
"""

STYLE = (
    "<style>"
    + _CSS
    + "".join(
        f".wegent .wg-fg-{name}{{color:{colour}}}.wegent .wg-bg-{name}{{background-color:{colour}55}}"
        for name, colour in _ANSI.items()
    )
    + "</style>"
)


CLASSES = "wegent mathjax_ignore tex2jax_ignore"
"""No formula is meant by the dollars of a command; the names are MathJax's, of JupyterLab and of exports."""


def styled(html: str) -> str:
    """Return HTML with its style, to be shown by itself."""
    return STYLE + scoped(html)


def scoped(html: str) -> str:
    """Return HTML to be shown beside other HTML that has the style."""
    return f'<div class="{CLASSES}">{html}</div>'
