"""The self-contained HTML chart of a run: ``payload`` makes its data, ``html`` the page."""
