"""A shop's public pages: sitemap, product pages, product feed."""
