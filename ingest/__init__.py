"""Files, straps and studies: everything that brings beats and logs in."""
