"""Trains style packs: LoRAs on an SDXL-class UNet, from a handful of reference images."""
