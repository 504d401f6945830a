"""Projects, assets, versions, batches and their files: what GameForge keeps. Knows no torch."""
