"""Text-to-vector network (TTV) of HierSpeech++: text to semantic vectors and pitch."""
