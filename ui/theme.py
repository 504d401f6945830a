"""One font, one accent colour, an 8-px grid; everything else is in static/gameforge.css."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr

FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")

# Ember. 700 on white and 400 on the dark background both have a contrast above 4.5 (WCAG AA).
EMBER = {
    "c50": "#fff7ed",
    "c100": "#ffedd5",
    "c200": "#fed7aa",
    "c300": "#fdba74",
    "c400": "#fb923c",
    "c500": "#ea6a12",
    "c600": "#c2490c",
    "c700": "#b03f0a",
    "c800": "#8a340d",
    "c900": "#6f2d10",
    "c950": "#3f1606",
}


def theme() -> gr.themes.Base:
    """The Gradio theme. System fonts only, so that nothing is fetched from elsewhere."""
    import gradio as gr

    accent = gr.themes.Color(name="ember", **EMBER)
    return gr.themes.Base(
        primary_hue=accent,
        secondary_hue=gr.themes.colors.stone,
        neutral_hue=gr.themes.colors.stone,
        text_size=gr.themes.sizes.text_md,
        spacing_size=gr.themes.sizes.spacing_md,
        radius_size=gr.themes.sizes.radius_md,
        font=FONT,
        font_mono=MONO,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="#151412",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_background_fill="white",
        block_background_fill_dark="#1d1b19",
        block_border_width="0px",
        block_shadow="none",
        block_shadow_dark="none",
        border_color_primary="*neutral_200",
        border_color_primary_dark="#35312d",
        input_background_fill="white",
        input_background_fill_dark="#1d1b19",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_400",
        button_primary_background_fill_hover_dark="*primary_300",
        button_primary_text_color="white",
        button_primary_text_color_dark="*neutral_950",
        link_text_color="*primary_600",
        link_text_color_dark="*primary_400",
    )
