"""Record covers drawn from a seed: pictures, lettering and the templates of label series."""
