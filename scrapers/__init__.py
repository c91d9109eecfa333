"""Crawls by Scrapy: a spider fetches, cratewatch.sources understands what came."""
