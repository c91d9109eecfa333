"""Engines that paint occluders by diffusion. Only these modules import diffusers, transformers."""
