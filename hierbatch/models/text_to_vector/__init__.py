"""TTV: the published system's way from text to semantic vectors and pitch."""
