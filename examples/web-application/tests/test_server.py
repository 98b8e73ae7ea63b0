"""Not packed: the recipe excludes this folder."""
