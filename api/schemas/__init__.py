"""Wire types: what the service takes and gives, with units and examples."""
