"""What a source's answer means, without network and without Scrapy: one package for each."""
