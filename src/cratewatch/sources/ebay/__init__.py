"""eBay: listings that are sold (Marketplace Insights) and listings that are asked for (Browse)."""
