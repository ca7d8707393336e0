"""How Telltale looks: palette, style sheet, formats of numbers and times, configuration of charts."""
